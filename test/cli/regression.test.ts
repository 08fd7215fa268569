import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const STORE_FILES = ['salvor.db', 'salvor.db-wal', 'salvor.db-shm'] as const;

/** Copies the files of a store, and takes away those the copy has not. */
function copyStore(from: string, to: string): void {
  for (const name of STORE_FILES) {
    rmSync(join(to, name), { force: true });
    if (existsSync(join(from, name))) copyFileSync(join(from, name), join(to, name));
  }
}

/** A job of six rows, the second in hand when its runner was killed; `older` has a copy of the store from then. */
async function makeDeadJob(): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 6, verify: true });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  execFileSync('mkdir', [job.folder.at('older')]);
  copyStore(job.state, job.folder.at('older'));
  return job;
}

const markOf = (job: LedgerJob) => join(job.state, 'jobs', job.jobId(), 'high-water.json');

/** Every way to act is refused, naming both values, and nothing is done. */
async function expectRegressed(job: LedgerJob, names: readonly string[]): Promise<void> {
  const id = job.jobId();
  const ledger = job.ledger();
  for (const args of [
    ...['resume', 'restart', 'cancel'].map((choice) => ['--choice', choice, '--yes', '--job', id]),
    ['settle', id, 'k2', '--as', 'pending', '--reason', 'not there'],
  ]) {
    const ended = await job.salvor([...args, '--json']);
    const { code, message } = pick(parseAnswer(ended), 'error') as Readonly<Record<string, string>>;
    expect({ args, exit: ended.code, code }, message).toEqual({ args, exit: 3, code: 'STORE_REGRESSED' });
    for (const name of names) expect(message).toContain(name);
  }
  expect(job.ledger()).toEqual(ledger);
  const shown = await job.salvor(['show', id, '--json']);
  expect(pick(parseAnswer(shown), 'verdict')).toBe('inconsistent');
  const listed = parseAnswer(await job.salvor(['list', '--all', '--json']));
  expect(pick(listed, 'jobs.0')).toMatchObject({ verdict: 'inconsistent' });
  const doctor = await job.salvor(['doctor']);
  expect({ code: doctor.code, says: doctor.stdout.includes(id) }, doctor.stdout).toEqual({ code: 3, says: true });
}

describe('a store that went back in time', () => {
  test.concurrent('STORE_REGRESSED: an older copy was put back after the job had gone on', async () => {
    await using job = await makeDeadJob();
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(6);
    copyStore(job.folder.at('older'), job.state);
    await expectRegressed(job, ['epoch recorded 2, found 1']);
  });

  test.concurrent('STORE_REGRESSED: one bit in the log of a killed runner flipped, and commits after it are lost', async () => {
    await using job = await makeLedgerJob({ rowCount: 6, verify: true });
    job.act({ k5: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    const sequence = Number(queryStore(job.state, 'SELECT max(sequence) AS s FROM unit_events')[0]?.['s']);
    const log = join(job.state, 'salvor.db-wal');
    const bytes = readFileSync(log);
    const at = bytes.length - 6 * 4096;
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    writeFileSync(log, bytes);
    rmSync(`${join(job.state, 'salvor.db-shm')}`);
    const found = Number(queryStore(job.state, 'SELECT max(sequence) AS s FROM unit_events')[0]?.['s']);
    expect(found).toBeLessThan(sequence);
    await expectRegressed(job, [`journal event recorded ${sequence}, found ${found}`]);
  });

  test.concurrent('STORE_REGRESSED: the end of the audit chain was removed together with its head', async () => {
    await using job = await makeDeadJob();
    const denied = await job.salvor(['--choice', 'rollback', '--checkpoint', 'primary', '--job', job.jobId()]);
    expect(denied.code).toBe(3);
    alterStore(job.state, 'DELETE FROM audit WHERE sequence = 2');
    alterStore(job.state, 'UPDATE audit_heads SET hash = (SELECT hash FROM audit WHERE sequence = 1)');
    expect((await job.salvor(['audit', job.jobId()])).stdout).not.toContain('rollback');
    await expectRegressed(job, ['audit chain recorded entry 2', 'no such entry']);
  });

  test.concurrent.each([
    ['is no JSON', (path: string) => writeFileSync(path, 'x')],
    ['has no counts', (path: string) => writeFileSync(path, '{"epoch":"2"}')],
    ['is a FIFO', (path: string) => execFileSync('mkfifo', [path])],
    ['is a link', (path: string) => execFileSync('ln', ['-s', '/dev/zero', path])],
  ])('STORE_REGRESSED: the mark %s', async (_what, put) => {
    await using job = await makeDeadJob();
    const path = markOf(job);
    rmSync(path);
    put(path);
    await expectRegressed(job, ['cannot be read']);
  });

  test.concurrent('doctor names the job whose directory is there and which the store does not know', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    execFileSync('mkdir', [job.folder.at('older')]);
    copyStore(job.state, job.folder.at('older'));
    writeFileSync(job.folder.at('rows.csv'), 'id,customer\nz1,Zoe\n');
    job.act({ z1: 'before' });
    await job.salvor(['run', 'job.yaml', '--name', 'second']);
    const id = job.jobId();
    copyStore(job.folder.at('older'), job.state);
    const { code, stdout } = await job.salvor(['doctor']);
    expect({ code, stdout }).toEqual({ code: 3, stdout: expect.stringContaining(id) });
    const shown = await job.salvor(['show', id, '--json']);
    expect(shown.code).toBe(3);
    expect(pick(parseAnswer(shown), 'error')).toMatchObject({
      code: 'STORE_REGRESSED',
      message: expect.stringContaining(join('jobs', id)),
    });
  });
});

/** Every way to run is refused, naming the job, and nothing is done or left. */
async function expectNoRun(job: LedgerJob, id: string): Promise<void> {
  const ledger = job.ledger();
  const jobs = queryStore(job.state, 'SELECT id, status FROM jobs');
  for (const args of [[], ['--again'], ['--detach'], ['--name', 'other']]) {
    const ended = await job.salvor(['run', 'job.yaml', ...args, '--json']);
    const { code, message } = pick(parseAnswer(ended), 'error') as Readonly<Record<string, string>>;
    expect({ args, exit: ended.code, code }, message).toEqual({ args, exit: 3, code: 'STORE_REGRESSED' });
    expect(message).toContain(id);
  }
  expect(job.ledger()).toEqual(ledger);
  expect(queryStore(job.state, 'SELECT id, status FROM jobs')).toEqual(jobs);
}

describe('a run in a store that went back in time', () => {
  test.concurrent('STORE_REGRESSED: a job is behind its marks, though write-back has changed its rows', async () => {
    await using job = await makeLedgerJob({ keys: ['5', '4', '3', '2', '1'], more: 'write_back: {tracking: receipt}' });
    job.act({ '4': 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    execFileSync('mkdir', [job.folder.at('older')]);
    copyStore(job.state, job.folder.at('older'));
    const settle = ['settle', job.jobId(), '--key', '4', '--as', 'pending', '--reason', 'not there'];
    expect((await job.salvor(settle)).code).toBe(0);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    copyStore(job.folder.at('older'), job.state);
    await expectNoRun(job, job.jobId());
    expect(job.ledger()).toHaveLength(5);
  });

  test.concurrent('STORE_REGRESSED: a job is not in it, until a person has moved its marks away', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    execFileSync('mkdir', [job.folder.at('older')]);
    copyStore(job.state, job.folder.at('older'));
    writeFileSync(job.folder.at('rows.csv'), 'id,customer\nz1,Zoe\n');
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    const id = job.jobId();
    const directory = join(job.state, 'jobs', id);
    copyStore(job.folder.at('older'), job.state);
    // What an import leaves that died: it says nothing.
    mkdirSync(join(job.state, 'jobs', 'b0000000001'));
    writeFileSync(join(job.state, 'jobs', 'b0000000001', 'lease.lock'), '');
    await expectNoRun(job, id);
    for (const choice of ['resume', 'cancel']) {
      const all = await job.salvor(['--choice', choice, '--all', '--json']);
      expect({ exit: all.code, ...parseAnswer(all) }).toMatchObject({
        exit: 3,
        reports: [],
        refused: [{ job: { id, name: null, source: 'native' }, error: { code: 'STORE_REGRESSED' } }],
      });
      expect(all.stderr).toContain(id);
    }
    for (const mark of ['high-water.json', 'journal-sequence']) rmSync(join(directory, mark));
    expect((await job.salvor(['--choice', 'resume', '--all'])).code).toBe(4);
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(4);
  });

  test.concurrent('begins all the same where another job’s audit chain was changed: that is of that job alone', async () => {
    await using job = await makeDeadJob();
    alterStore(job.state, "UPDATE audit SET hash = 'x' WHERE sequence = 1");
    expect((await job.salvor(['run', 'job.yaml', '--again'])).code).toBe(0);
  });
});

describe('a mark that is behind the store', () => {
  test.concurrent('says nothing, and is caught up: whoever died between commit and mark goes on', async () => {
    await using job = await makeDeadJob();
    const mark = readFileSync(markOf(job), 'utf8');
    job.act({ k4: 'before' });
    expect((await job.salvor(['--choice', 'resume'])).signal).toBe('SIGKILL');
    writeFileSync(markOf(job), mark);
    rmSync(join(job.state, 'jobs', job.jobId(), 'journal-sequence'));
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(JSON.parse(readFileSync(markOf(job), 'utf8'))).toMatchObject({
      epoch: 3,
      audit_sequence: 3,
      journal_sequence: Number(queryStore(job.state, 'SELECT max(sequence) AS s FROM unit_events')[0]?.['s']),
    });
    expect(job.ledger()).toHaveLength(6);
  });

  test.concurrent('is what an older Salvor left: nothing, and the first action makes it', async () => {
    await using job = await makeDeadJob();
    rmSync(markOf(job));
    rmSync(join(job.state, 'jobs', job.jobId(), 'journal-sequence'));
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(existsSync(markOf(job))).toBe(true);
  });
});

test.concurrent('looking at a job that goes on never finds its store behind the mark', async () => {
  await using job = await makeLedgerJob({ rowCount: 60, kind: 'worker', concurrency: 2 });
  await using running = job.start(['run', 'job.yaml']);
  await waitFor('it runs', () => existsSync(job.state) && job.events('intent').length > 0);
  let isRunning = true;
  void running.ended.then(() => {
    isRunning = false;
  });
  while (isRunning) {
    const { stdout } = await job.salvor(['list', '--all', '--json']);
    expect(stdout).not.toContain('inconsistent');
  }
});
