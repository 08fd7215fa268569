import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, test } from 'vitest';
import { readProcessStat } from '../../src/platform/process-probe.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { hashFiles } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** Everything that only looks, with the exit codes it may have. */
const LOOKS = (id: string) => [
  ['list'],
  ['list', '--all', '--json'],
  ['list', '--verdict', 'interrupted'],
  ['show', id],
  ['show', id, '--json'],
  ['show', id, '--prompt'],
  ['audit', id],
  ['report', id],
  ['doctor'],
  ['--choice', 'review', '--job', id],
  ...['resume', 'restart', 'cancel'].map((choice) => ['--choice', choice, '--job', id, '--dry-run']),
];

/** Looks in every way; nothing is changed. */
async function expectUnchanged(job: LedgerJob, id = job.jobId()): Promise<void> {
  const before = hashFiles(job.folder.path);
  for (const args of LOOKS(id)) {
    const { code, stderr } = await job.salvor(args);
    expect([0, 2, 3, 4, 6], `${args.join(' ')}: ${stderr}`).toContain(code);
    expect(hashFiles(job.folder.path), args.join(' ')).toEqual(before);
  }
}

describe('looking changes no byte and creates nothing', () => {
  test.concurrent('of a job whose runner was killed, its log not yet folded into the store', async () => {
    await using job = await makeLedgerJob({ rowCount: 3 });
    job.act({ k2: 'before' });
    await job.salvor(['run', 'job.yaml']);
    expect(existsSync(join(job.state, 'salvor.db-wal'))).toBe(true);
    await expectUnchanged(job);
  });

  test.concurrent('of the same in a copy that left out the index of the log', async () => {
    await using job = await makeLedgerJob({ rowCount: 3 });
    job.act({ k2: 'before' });
    await job.salvor(['run', 'job.yaml']);
    const id = job.jobId();
    cpSync(job.state, job.folder.at('copy'), { recursive: true });
    rmSync(job.folder.at('copy/salvor.db-shm'));
    rmSync(job.state, { recursive: true });
    cpSync(job.folder.at('copy'), job.state, { recursive: true });
    await expectUnchanged(job, id);
    const { code, stdout } = await job.salvor(['list']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('in doubt') });
  });

  test.concurrent.each([
    ['the head of its log', 32],
    ['a piece of its log', 3000],
  ])('of a store whose writer died between %s and the index of it', async (_what, sizeBytes) => {
    await using job = await makeLedgerJob({ rowCount: 3 });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    const [log, index] = [join(job.state, 'salvor.db-wal'), join(job.state, 'salvor.db-shm')];
    const writer = new DatabaseSync(join(job.state, 'salvor.db'));
    writer.prepare('SELECT * FROM jobs').all();
    const indexBefore = readFileSync(index);
    writer.exec('UPDATE jobs SET active_at_ms = active_at_ms');
    const head = readFileSync(log).subarray(0, sizeBytes);
    writer.close();
    writeFileSync(log, head);
    writeFileSync(index, indexBefore);
    await expectUnchanged(job);
    const { code, stdout } = await job.salvor(['list', '--all']);
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('finished') });
  });

  test.concurrent('of a job that is through and was recovered', async () => {
    await using job = await makeLedgerJob({ rowCount: 3, verify: true });
    job.act({ k2: 'before' });
    await job.salvor(['run', 'job.yaml']);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    await expectUnchanged(job);
  });

  test.concurrent('of a job that is running, or stopped by SIGSTOP', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    job.act({ k1: 'pause' });
    await using running = job.start(['run', 'job.yaml']);
    await waitFor('the first row is in hand', () => job.events('intent').length > 0 && !job.willAct('k1'));
    // A runner that goes on writes its heartbeat, which is a change that looking did not make.
    running.signal('SIGSTOP');
    await waitFor('it is stopped', () => readProcessStat(running.pid)?.state === 'T');
    await expectUnchanged(job);
    running.signal('SIGCONT');
    job.go();
    expect((await running.ended).code).toBe(0);
  });

  test.concurrent('of a state directory that is not there', async () => {
    await using job = await makeLedgerJob();
    await expectUnchanged(job, 'b0000000000');
    expect(existsSync(job.state)).toBe(false);
  });
});
