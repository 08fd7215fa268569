import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { expectRefused } from '../helpers/guardrail.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { makeOtherUser } from '../helpers/other-user.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, hashFiles } from '../helpers/state.ts';

const RESUME = ['--choice', 'resume', '--yes'];

/** A job of three rows whose first row is shipped and whose runner died in the second. */
async function makeDeadJob(): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 3, verify: true });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

function resume(job: LedgerJob, choice = 'resume'): readonly string[] {
  return ['--choice', choice, '--yes', '--job', job.jobId()];
}

test.concurrent('ROWS_FILE_CHANGED: a row was added', async () => {
  await using job = await makeDeadJob();
  appendFileSync(job.folder.at('rows.csv'), 'k4,Customer 4\n');
  const refused = { code: 'ROWS_FILE_CHANGED', names: [job.folder.at('rows.csv'), 'sha256'], isAudited: true };
  await expectRefused(job, resume(job), refused);
  await expectRefused(job, resume(job, 'restart'), refused);
});

test.concurrent('ROWS_FILE_MISSING: it is gone, or a directory is in its place', async () => {
  await using job = await makeDeadJob();
  const names = [job.folder.at('rows.csv')];
  rmSync(job.folder.at('rows.csv'));
  await expectRefused(job, resume(job), { code: 'ROWS_FILE_MISSING', names, isAudited: true });
  mkdirSync(job.folder.at('rows.csv'));
  await expectRefused(job, resume(job), { code: 'ROWS_FILE_MISSING', names, isAudited: true });
});

test.concurrent.each(['ship.sh', 'lookup.sh'])('PREREQUISITE_MISSING: the command %s is gone', async (name) => {
  await using job = await makeDeadJob();
  rmSync(job.folder.at(name));
  const refused = { code: 'PREREQUISITE_MISSING', names: [name, 'does not exist'], isAudited: true };
  await expectRefused(job, resume(job), refused);
  const [list, show, prompt, dryRun] = await Promise.all([
    job.salvor(['list', '--json']),
    job.salvor(['show', job.jobId(), '--json']),
    job.salvor(['show', job.jobId(), '--prompt']),
    job.salvor([...resume(job), '--dry-run', '--json']),
  ]);
  expect(pick(parseAnswer(list), 'jobs.0.recommended')).toBeNull();
  expect(pick(parseAnswer(show), 'diagnosis.recommended')).toBeNull();
  expect(pick(parseAnswer(show), 'plans.resume.error.code')).toBe(refused.code);
  expect(prompt.stdout).toMatch(new RegExp(`Not now:\n {2}\\[resume\\] .*${name} does not exist`));
  expect([dryRun.code, pick(parseAnswer(dryRun), 'error.code')]).toEqual([3, refused.code]);
});

describe('AUDIT_BROKEN', () => {
  const SETTLE = ['--as', 'done', '--reason', 'seen'];

  test.concurrent.each([
    ['one letter of an entry was changed', `UPDATE audit SET principal = principal || 'x' WHERE sequence = 1`, 1],
    ['its last entry was removed', 'DELETE FROM audit WHERE sequence = (SELECT max(sequence) FROM audit)', 2],
    ['its head was removed', 'DELETE FROM audit_heads', 3],
  ])('everything is refused, and nothing written that would mend the chain: %s', async (_what, sql, sequence) => {
    await using job = await makeDeadJob();
    // A refusal is the second entry.
    await job.salvor(['settle', job.jobId(), 'k1', ...SETTLE]);
    alterStore(job.state, sql);
    const before = hashFiles(job.folder.path);
    const isBroken = async () => expect((await job.salvor(['audit', job.jobId()])).code).toBe(3);
    await isBroken();
    expect(hashFiles(job.folder.path)).toEqual(before);
    const refused = { code: 'AUDIT_BROKEN', names: [`entry ${sequence}`], isAudited: false };
    for (const choice of ['resume', 'restart', 'cancel']) await expectRefused(job, resume(job, choice), refused);
    await expectRefused(job, ['settle', job.jobId(), 'k2', ...SETTLE], refused);
    await isBroken();
  });
});

test.concurrent('STATE_CONTRADICTION: it is recorded as completed with rows to do', async () => {
  await using job = await makeDeadJob();
  alterStore(job.state, "UPDATE jobs SET status = 'completed'");
  const names = ['completed with 1 units still to do'];
  await expectRefused(job, resume(job), { code: 'STATE_CONTRADICTION', names, isAudited: true });
});

test.concurrent('LIVENESS_UNKNOWN: the holder was on another host whose clock is ahead', async () => {
  await using job = await makeDeadJob();
  alterStore(job.state, "UPDATE leases SET host = 'elsewhere', heartbeat_at_ms = heartbeat_at_ms + 86400000");
  await expectRefused(job, resume(job), { code: 'LIVENESS_UNKNOWN', names: ['elsewhere'], isAudited: true });
});

test.concurrent('READ_ONLY: nothing is done, and not even that is recorded', async () => {
  await using job = await makeDeadJob();
  const refused = { code: 'READ_ONLY', names: ['read-only'], isAudited: false };
  const before = hashFiles(job.folder.path);
  for (const choice of ['resume', 'restart', 'cancel'])
    await expectRefused(job, [...resume(job, choice), '--read-only'], refused);
  await expectRefused(job, ['settle', job.jobId(), 'k2', '--as', 'done', '--reason', 'r', '--read-only'], refused);
  await expectRefused(job, ['run', 'job.yaml', '--read-only'], refused);
  await expectRefused(job, [...resume(job), '--detach', '--read-only'], refused);
  expect(hashFiles(job.folder.path)).toEqual(before);
});

test.concurrent('UNIT_NOT_OPEN: a row that is done cannot be settled', async () => {
  await using job = await makeDeadJob();
  const args = ['settle', job.jobId(), 'k1', '--as', 'pending', '--reason', 'again'];
  await expectRefused(job, args, { code: 'UNIT_NOT_OPEN', names: ['row 1 (k1) is done'], isAudited: true });
});

describe('a store that cannot be used', () => {
  /** What looks and what acts is refused alike. */
  const ASKS = [
    ['list'],
    ['show', 'b0'],
    ['audit', 'b0'],
    ['report', 'b0'],
    ['--choice', 'review'],
    RESUME,
    ['run', 'job.yaml'],
  ];

  async function expectAllRefused(job: LedgerJob, code: string): Promise<void> {
    const store = join(job.state, 'salvor.db');
    const before = hashFiles(job.folder.path);
    for (const args of ASKS) await expectRefused(job, args, { code, names: [store], isAudited: false });
    expect(hashFiles(job.folder.path)).toEqual(before);
  }

  test.concurrent('STATE_TOO_NEW: a newer Salvor wrote it', async () => {
    await using job = await makeDeadJob();
    alterStore(job.state, 'PRAGMA user_version = 99');
    await expectAllRefused(job, 'STATE_TOO_NEW');
  });

  test.concurrent('STATE_CORRUPT: it is something else', async () => {
    await using job = await makeLedgerJob();
    mkdirSync(job.state);
    writeFileSync(join(job.state, 'salvor.db'), 'this is a shopping list\n'.repeat(400));
    await expectAllRefused(job, 'STATE_CORRUPT');
  });

  test.concurrent('STATE_CORRUPT: it is a database of another program', async () => {
    await using job = await makeLedgerJob();
    mkdirSync(job.state);
    const database = new DatabaseSync(join(job.state, 'salvor.db'));
    database.exec('CREATE TABLE recipes (name TEXT)');
    database.close();
    await expectAllRefused(job, 'STATE_CORRUPT');
  });

  test.concurrent('STATE_CORRUPT: it was cut to nothing while its jobs are there', async () => {
    await using job = await makeDeadJob();
    for (const name of ['salvor.db', 'salvor.db-wal']) truncateSync(join(job.state, name), 0);
    await expectAllRefused(job, 'STATE_CORRUPT');
  });

  test.concurrent('STATE_CORRUPT: its second half is gone', async () => {
    await using job = await makeLedgerJob({ rowCount: 200 });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    const store = join(job.state, 'salvor.db');
    truncateSync(store, Math.floor(readFileSync(store).length / 8192) * 4096);
    await expectAllRefused(job, 'STATE_CORRUPT');
  });
});

const isRoot = process.getuid?.() === 0;

test.runIf(isRoot)('STATE_UNREADABLE: another user may not look at it', async () => {
  await using job = await makeDeadJob();
  await using other = await makeOtherUser();
  const id = job.jobId();
  execFileSync('chmod', ['755', job.folder.path]);
  const before = hashFiles(job.folder.path);
  for (const args of [['list'], ['show', id], [...RESUME], ['audit', id], ['run', 'job.yaml']]) {
    const { code, stderr } = await job.salvor(args, other);
    expect({ args, code }, stderr).toEqual({ args, code: 3 });
    expect(stderr).toContain(job.state);
  }
  expect(hashFiles(job.folder.path)).toEqual(before);
});
