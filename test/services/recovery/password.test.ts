/** A password in a URL goes to the server, and nowhere else. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findProcesses } from '../../../src/platform/process-probe.ts';
import { type LedgerJob, makeLedgerJob } from '../../helpers/ledger-job.ts';
import { runSalvor } from '../../helpers/salvor.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { type PostgresServer, startPostgres } from '../helpers/postgres-server.ts';

const PASSWORD = 'open-sesame';
let server: PostgresServer;
let url = '';
beforeAll(async () => {
  server = await startPostgres({ PASSWORD });
  url = server.url.replace('//postgres@', `//postgres:${PASSWORD}@`);
});
afterAll(() => server[Symbol.dispose]());

/** Command lines of all processes that a detached run consists of. */
function readRunnerWords(): readonly string[] {
  return findProcesses((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return words.includes('__runner') ? words : undefined;
    } catch {
      return undefined;
    }
  }).map(({ found }) => found);
}

async function expectUnsaid(job: LedgerJob, args: readonly string[], code: number): Promise<string> {
  const ended = await runSalvor(args, { cwd: job.folder.path, env: { SALVOR_STATE: url } });
  expect(ended.code, ended.stderr).toBe(code);
  expect(ended.stdout + ended.stderr).not.toContain(PASSWORD);
  return ended.stdout;
}

test('a detached run gets it, and neither its command line, nor what any command prints, nor the store has it', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, store: url });
  job.act({ k2: 'pause' });
  await expectUnsaid(job, ['run', 'job.yaml', '--detach'], 0);
  await waitFor('row 2 has begun', () => !job.willAct('k2'));
  expect(readRunnerWords().length).toBeGreaterThan(0);
  expect(readRunnerWords().join()).not.toContain(PASSWORD);
  job.go();
  await waitFor('all rows are done', () => job.events('done').length === 3);
  for (const args of [
    ['list', '--all'],
    ['show', 'Shipping', '--json'],
    ['audit', 'Shipping', '--json'],
  ])
    await expectUnsaid(job, args, 0);
  expect(await expectUnsaid(job, ['doctor'], 0)).toContain('ok       postgresql PostgreSQL');
});

test('a wrong one is refused by name of the place alone, with what to do', async () => {
  const wrong = url.replace(PASSWORD, 'wrong-word');
  for (const args of [['list'], ['doctor'], ['list', '--json'], ['run', 'none.yaml']]) {
    const { code, stdout, stderr } = await runSalvor([...args, '--state', wrong]);
    expect({ args, code }).toEqual({ args, code: args[0] === 'run' ? 2 : 3 });
    expect(stdout + stderr).not.toContain('wrong-word');
    if (args[0] !== 'run') expect(stdout + stderr).toMatch(/password authentication failed.*PGPASSWORD, ~\/.pgpass/s);
  }
});
