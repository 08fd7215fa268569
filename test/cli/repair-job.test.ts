import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LedgerJob, type LedgerOptions, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const STORE_FILES = ['salvor.db', 'salvor.db-wal', 'salvor.db-shm'] as const;

function copyStore(from: string, to: string): void {
  for (const name of STORE_FILES) {
    rmSync(join(to, name), { force: true });
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}

/** Keys that are the numbers of other rows; the runner dies at the second, and `older` has the store from then. */
async function makeDeadJob(options: LedgerOptions = {}): Promise<LedgerJob> {
  const job = await makeLedgerJob({ keys: ['5', '4', '3', '2', '1'], verify: true, ...options });
  job.act({ '4': 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  mkdirSync(job.folder.at('older'));
  copyStore(job.state, job.folder.at('older'));
  return job;
}

const goBack = (job: LedgerJob) => copyStore(job.folder.at('older'), job.state);
const repair = (job: LedgerJob, ...more: readonly string[]) =>
  job.salvor(['repair', job.jobId(), '--yes', '--reason', 'the newer one is lost', ...more]);
const statuses = (job: LedgerJob) =>
  queryStore(job.state, 'SELECT key, status FROM units ORDER BY number').map((row) => `${row['key']} ${row['status']}`);
const codeOf = (ended: Awaited<ReturnType<LedgerJob['salvor']>>) => pick(parseAnswer(ended), 'error.code');

describe('a job whose store went back in time is repaired', () => {
  test.concurrent('every row that may be done is in doubt, and the verify hook settles it: no row twice', async () => {
    await using job = await makeDeadJob();
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(5);
    goBack(job);
    const ended = await repair(job, '--json');
    expect(ended.code, ended.stderr).toBe(0);
    const answer = parseAnswer(ended);
    expect(answer).toMatchObject({
      schema_version: 1,
      reason: 'the newer one is lost',
      what: 'epoch',
      units_in_doubt: 3,
    });
    expect(answer).toMatchObject({ mark: { epoch: 2 }, store: { epoch: 1 }, epoch: 3 });
    expect(statuses(job)).toEqual(['5 done', '4 in_doubt', '3 in_doubt', '2 in_doubt', '1 in_doubt']);

    const doctor = await job.salvor(['doctor']);
    expect({ code: doctor.code, says: doctor.stdout.includes('broken') }, doctor.stdout).toEqual({
      code: 0,
      says: false,
    });
    expect(pick(parseAnswer(await job.salvor(['list', '--json'])), 'jobs.0')).toMatchObject({
      verdict: 'interrupted',
      attention: 'in doubt',
      recommended: 'resume',
    });
    expect((await job.salvor(['show', job.jobId()])).stdout).toContain('it may have been done');
    expect((await job.salvor(['audit', job.jobId()])).code).toBe(0);
    const audit = pick(
      parseAnswer(await job.salvor(['audit', job.jobId(), '--json'])),
      'entries',
    ) as readonly unknown[];
    expect(audit.at(-1)).toMatchObject({
      action: 'repair',
      outcome: 'done',
      details: {
        reason: 'the newer one is lost',
        units_in_doubt: 3,
        mark: { epoch: 2 },
        store: { epoch: 1 },
        epoch: 3,
      },
    });

    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(5);
    expect(new Set(statuses(job).map((line) => line.split(' ')[1]))).toEqual(new Set(['done']));
    expect((await job.salvor(['doctor'])).code).toBe(0);
  });

  test.concurrent('without a verify hook nothing runs before a person settles it, and only what is said to run runs', async () => {
    await using job = await makeDeadJob({ verify: false });
    const settle = ['settle', job.jobId(), '--key', '4', '--as', 'pending', '--reason', 'not there'];
    expect((await job.salvor(settle)).code).toBe(0);
    job.act({ '2': 'before' });
    expect((await job.salvor(['--choice', 'resume'])).signal).toBe('SIGKILL');
    const done = job.ledger().length;
    goBack(job);
    expect((await repair(job)).stdout).toContain('3 rows are in doubt');
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(8);
    expect(job.ledger()).toHaveLength(done);
    for (const key of ['4', '3'])
      await job.salvor(['settle', job.jobId(), '--key', key, '--as', 'done', '--reason', 'seen there']);
    await job.salvor(['settle', job.jobId(), '--all', '--as', 'pending', '--reason', 'not there', '--yes']);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(5);
  });

  test.concurrent('a mark that cannot be read is replaced, with every row in doubt that is to run', async () => {
    await using job = await makeDeadJob();
    const mark = join(job.state, 'jobs', job.jobId(), 'high-water.json');
    writeFileSync(mark, 'x');
    const answer = parseAnswer(await repair(job, '--json'));
    expect(answer).toMatchObject({ what: 'mark', mark: null, units_in_doubt: 3 });
    expect(Number(pick(answer, 'epoch'))).toBeGreaterThan(1_000);
    expect(JSON.parse(readFileSync(mark, 'utf8'))).toMatchObject({ epoch: pick(answer, 'epoch') });
    expect((await job.salvor(['doctor'])).code).toBe(0);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(5);
  });

  test.concurrent('where only entries of the audit chain are lost, no row was run since, and none is in doubt by it', async () => {
    await using job = await makeDeadJob();
    await job.salvor(['--choice', 'rollback', '--checkpoint', 'primary', '--job', job.jobId()]);
    alterStore(job.state, 'DELETE FROM audit WHERE sequence = 2');
    alterStore(job.state, 'UPDATE audit_heads SET hash = (SELECT hash FROM audit WHERE sequence = 1)');
    expect(parseAnswer(await repair(job, '--json'))).toMatchObject({ what: 'audit', units_in_doubt: 0 });
    expect((await job.salvor(['doctor'])).code).toBe(0);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(5);
  });

  test.concurrent('a new run is no longer refused once it is repaired', async () => {
    await using job = await makeDeadJob();
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    goBack(job);
    const other = ['run', 'job.yaml', '--name', 'other', '--json'];
    expect(codeOf(await job.salvor(other))).toBe('STORE_REGRESSED');
    expect((await repair(job)).code).toBe(0);
    expect((await job.salvor(other)).code).toBe(0);
  });
});

describe('repair of a job is refused, and nothing is changed', () => {
  test.concurrent('without consent, without a reason, read-only, by a policy, and where nothing went back', async () => {
    await using job = await makeDeadJob();
    const id = job.jobId();
    expect(codeOf(await repair(job, '--json'))).toBe('NOTHING_TO_RECOVER');
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    goBack(job);
    const before = queryStore(job.state, 'SELECT * FROM units');
    const roles = { roles: { viewer: { allow: ['recover:resume'] } } };
    const bindings = [{ principal: '*', roles: ['viewer'] }];
    writeFileSync(job.folder.at('rbac.json'), JSON.stringify({ team_mode: true, bindings, ...roles }));
    const refusals: readonly (readonly [readonly string[], number, string])[] = [
      [['repair', id], 7, 'CONFIRMATION_NEEDED'],
      [['repair', id, '--yes'], 2, 'USAGE_INVALID'],
      [['repair', id, '--yes', '--reason', 'x', '--read-only'], 3, 'READ_ONLY'],
      [['repair', id, '--yes', '--reason', 'x', '--policy', job.folder.at('rbac.json')], 3, 'ACCESS_DENIED'],
    ];
    for (const [args, exit, code] of refusals) {
      const ended = await job.salvor([...args, '--json']);
      expect({ exit: ended.code, code: codeOf(ended) }).toEqual({ exit, code });
    }
    expect(queryStore(job.state, 'SELECT * FROM units')).toEqual(before);
    expect(codeOf(await job.salvor(['--choice', 'resume', '--json']))).toBe('STORE_REGRESSED');
  });

  test.concurrent('LEASE_HELD, then ORPHAN_NOT_ENDED: a runner that the older store does not know of lives, then its command', async () => {
    await using job = await makeDeadJob();
    job.act({ '3': 'hold' });
    const running = job.start(['--choice', 'resume']);
    await waitFor('row 3 is in hand', () => !job.willAct('3'));
    goBack(job);
    expect(codeOf(await repair(job, '--json'))).toBe('LEASE_HELD');
    running.signal('SIGKILL');
    await running.ended;
    const ended = await repair(job, '--json');
    expect(codeOf(ended)).toBe('ORPHAN_NOT_ENDED');
    job.go();
    await waitFor('its command is gone', async () => (await repair(job, '--json')).code === 0);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(5);
  });
});
