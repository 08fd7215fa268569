import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, queryStore } from '../helpers/state.ts';

/** A job of four rows whose first row is shipped and whose runner died in the second, before its effect. */
async function makeDeadJob(): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 4, verify: true });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

describe('an id that is none never becomes a path', () => {
  test.concurrent('STATE_CORRUPT: of an unfinished import that the next run would clear away', async () => {
    await using job = await makeDeadJob();
    const victim = job.folder.at('victim');
    mkdirSync(victim);
    writeFileSync(join(victim, 'payroll.csv'), 'x');
    alterStore(
      job.state,
      `INSERT INTO jobs (id, name, kind, status, spec, created_at_ms, active_at_ms)
       VALUES ('../../victim', 'x', 'batch', 'importing', '{}', 0, 0)`,
    );
    const { code, stderr } = await job.salvor(['run', 'job.yaml', '--again']);
    expect({ code, stderr }).toEqual({ code: 3, stderr: expect.stringContaining('../../victim') });
    expect(existsSync(join(victim, 'payroll.csv'))).toBe(true);
  });

  test.concurrent('STATE_CORRUPT: of a job that is looked at or acted on', async () => {
    await using job = await makeDeadJob();
    alterStore(job.state, "UPDATE jobs SET id = '../../victim'");
    for (const args of [['list'], ['show', '../../victim'], ['--choice', 'cancel', '--job', '../../victim']]) {
      const { code, stderr } = await job.salvor(args);
      expect({ args, code }, stderr).toEqual({ args, code: 3 });
      expect(stderr).toContain('no id of a job');
    }
    expect(existsSync(job.folder.at('victim'))).toBe(false);
  });
});

describe('a row whose input is gone from the store', () => {
  test.concurrent('STATE_CORRUPT: it is neither left out nor run with another input', async () => {
    await using job = await makeDeadJob();
    alterStore(job.state, 'DELETE FROM unit_data WHERE number = 3');
    const ended = await job.salvor(['--choice', 'resume', '--json']);
    expect(ended.code, ended.stderr).toBe(5);
    expect(JSON.stringify(pick(parseAnswer(ended), 'diagnostics'))).toContain(
      'STATE_CORRUPT: the input of row 3 is gone',
    );
    expect(job.ledger().some((line) => line.includes('k3'))).toBe(false);
    const [row] = queryStore(job.state, 'SELECT status, attempts FROM units WHERE number = 3');
    expect(row).toEqual({ status: 'pending', attempts: 0 });
  });

  test.concurrent('STATE_CORRUPT: it is not asked for with an empty input when it is in doubt', async () => {
    await using job = await makeDeadJob();
    alterStore(job.state, 'DELETE FROM unit_data WHERE number = 2');
    const ended = await job.salvor(['--choice', 'resume', '--json']);
    expect(ended.code, ended.stderr).toBe(5);
    expect(JSON.stringify(pick(parseAnswer(ended), 'diagnostics'))).toContain(
      'STATE_CORRUPT: the input of row 2 is gone',
    );
    expect(queryStore(job.state, 'SELECT status FROM units WHERE number = 2')).toEqual([{ status: 'in_doubt' }]);
  });
});
