/** A run that is refused after its job was recorded leaves no job, or says that it does. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readProcessStat } from '../../src/platform/process-probe.ts';
import { lockPath } from '../../src/store/state-directory.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, startSalvor } from '../helpers/salvor.ts';
import { waitFor } from '../helpers/wait-for.ts';

const FAULTY = fileURLToPath(new URL('../helpers/faulty-salvor.ts', import.meta.url));

/** Starts a run and stops it between its record and its lease. */
async function startStopped(job: LedgerJob) {
  const args = [job.state, 'after-import', '1', 'stop', 'job.yaml'];
  const runner = startSalvor(args, { program: FAULTY, cwd: job.folder.path });
  await waitFor('it is stopped', () => readProcessStat(runner.pid)?.state === 'T');
  return runner;
}

async function countListed(job: LedgerJob): Promise<unknown> {
  return pick(parseAnswer(await job.salvor(['list', '--all', '--json'])), 'total');
}

test.concurrent('a run whose lock cannot be taken leaves no job', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await using runner = await startStopped(job);
  const directory = join(job.state, 'jobs', job.jobId());
  expect(await countListed(job)).toBe(1);
  const lock = lockPath(job.state, job.jobId());
  rmSync(lock, { force: true });
  mkdirSync(lock);
  runner.signal('SIGCONT');
  expect((await runner.ended).code).not.toBe(0);
  expect(await countListed(job)).toBe(0);
  expect(existsSync(directory)).toBe(false);
  expect(job.ledger()).toEqual([]);
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
  expect((await job.salvor(['doctor'])).code).toBe(0);
});

test.concurrent('a run that finds no room for its lease leaves no job, or names the one it leaves', async ({
  skip,
}) => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  mkdirSync(job.state);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', job.state], { stdio: 'ignore' });
  } catch {
    return skip('no file system can be mounted here');
  }
  try {
    await using runner = await startStopped(job);
    const id = job.jobId();
    for (const size of [65_536, 4096, 512, 1]) {
      try {
        for (;;) appendFileSync(join(job.state, 'ballast'), Buffer.alloc(size));
      } catch {
        // Full at this size; smaller pieces may still fit.
      }
    }
    runner.signal('SIGCONT');
    const { code, stdout, stderr } = await runner.ended;
    expect(code).not.toBe(0);
    rmSync(join(job.state, 'ballast'));
    const told = `${stdout}${stderr}`;
    expect(told).toContain('no room is left');
    expect([told.includes(`job ${id} 'Shipping' is recorded`) ? 1 : 0, job.ledger()]).toEqual([
      await countListed(job),
      [],
    ]);
  } finally {
    execFileSync('umount', ['-l', job.state]);
  }
});
