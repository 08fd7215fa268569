import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, hashFiles } from '../helpers/state.ts';

async function makeDeadJob(): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 3, verify: true });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

const own = (job: LedgerJob, name: string) => join(job.state, 'jobs', job.jobId(), name);
const fifo = (path: string) => {
  rmSync(path, { force: true });
  execFileSync('mkfifo', [path]);
};

const link = (target: string, path: string) => {
  rmSync(path, { force: true });
  symlinkSync(target, path);
};

describe('what stands in the place of the lock', () => {
  test.concurrent.each<readonly [string, (path: string) => void]>([
    ['a FIFO', fifo],
    ['a link in a circle', (path) => link('lease.lock', path)],
    ['a link to nothing', (path) => link('../../../made', path)],
    ['a link to a file of somebody’s', (path) => link('../../../rows.csv', path)],
    ['a text', (path) => writeFileSync(path, 'this is a shopping list\n'.repeat(100))],
  ])('LOCK_DAMAGED: %s is not called a damaged store, and once it is removed the job goes on', async (_what, put) => {
    await using job = await makeDeadJob();
    put(own(job, 'lease.lock'));
    const ended = await job.salvor(['--choice', 'resume', '--json']);
    expect({ exit: ended.code, code: pick(parseAnswer(ended), 'error.code') }, ended.stdout).toEqual({
      exit: 3,
      code: 'LOCK_DAMAGED',
    });
    expect(pick(parseAnswer(ended), 'error.message')).toContain('lease.lock');
    expect(existsSync(job.folder.at('made'))).toBe(false);
    expect((await job.salvor(['list'])).stdout).toContain(job.jobId());
    expect((await job.salvor(['show', job.jobId()])).code).toBe(0);
    rmSync(own(job, 'lease.lock'));
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
  });
});

test.concurrent.each<readonly [string, string]>([
  ['salvor.db', 'salvor.db'],
  ['salvor.db', '../made'],
  ['salvor.db', '../real.db'],
  ['salvor.db-wal', '../rows.csv'],
])('STATE_UNREADABLE: %s is a link to %s, which nobody follows', async (name, target) => {
  await using job = await makeDeadJob();
  const path = join(job.state, name);
  const id = job.jobId();
  renameSync(path, job.folder.at('real.db'));
  symlinkSync(target, path);
  const before = hashFiles(job.folder.path);
  for (const args of [['list'], ['show', id], ['doctor'], ['run', 'job.yaml'], ['--choice', 'resume', '--job', id]]) {
    const { code, stdout, stderr } = await job.salvor(args);
    expect({ args, code }, stderr).toEqual({ args, code: 3 });
    expect(stdout + stderr).toContain(`${path} is a symbolic link`);
  }
  expect(hashFiles(job.folder.path)).toEqual(before);
});

test.concurrent('STATE_CORRUPT: the store is gone and its jobs’ directories are there, whoever looks', async () => {
  await using job = await makeDeadJob();
  const id = job.jobId();
  for (const name of ['salvor.db', 'salvor.db-wal', 'salvor.db-shm']) rmSync(join(job.state, name), { force: true });
  for (const args of [['list'], ['list', job.state], ['show', id], ['--choice', 'resume'], ['run', 'job.yaml']]) {
    const ended = await job.salvor([...args, '--json']);
    expect({ args, exit: ended.code, code: pick(parseAnswer(ended), 'error.code') }, ended.stdout).toEqual({
      args,
      exit: 3,
      code: 'STATE_CORRUPT',
    });
  }
});

test.concurrent('doctor says broken of a store that is gone, and names a lock that is a link', async () => {
  await using job = await makeDeadJob();
  const lock = own(job, 'lease.lock');
  const id = job.jobId();
  link('lease.lock', lock);
  const linked = await job.salvor(['doctor']);
  expect({ code: linked.code, stdout: linked.stdout }).toEqual({
    code: 3,
    stdout: expect.stringContaining(`job ${id}: ${lock} is a symbolic link`),
  });
  for (const name of ['salvor.db', 'salvor.db-wal', 'salvor.db-shm']) rmSync(join(job.state, name), { force: true });
  const gone = await job.salvor(['doctor']);
  expect({ code: gone.code, stdout: gone.stdout }).toEqual({
    code: 3,
    stdout: expect.stringContaining('salvor.db is not there, and directories of its jobs are'),
  });
});

test.concurrent('a FIFO in the place of the log hangs nobody: its lines are dropped', async () => {
  await using job = await makeDeadJob();
  fifo(own(job, 'run.log'));
  expect((await job.salvor(['show', job.jobId()])).code).toBe(0);
  expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
});

test.concurrent('a FIFO in the place of the store hangs nobody', async () => {
  await using job = await makeLedgerJob({ rowCount: 1 });
  mkdirSync(job.state);
  fifo(join(job.state, 'salvor.db'));
  for (const args of [['list'], ['run', 'job.yaml'], ['--choice', 'resume']]) {
    const { code, stderr } = await job.salvor(args);
    expect([2, 3], `${args.join(' ')}: ${stderr}`).toContain(code);
  }
});

test.concurrent('a FIFO in the place of the configuration or of the last report hangs nobody', async () => {
  await using job = await makeDeadJob();
  fifo(job.folder.at('config.yaml'));
  const ended = await job.salvor(['list', '--config', job.folder.at('config.yaml'), '--json']);
  expect({ exit: ended.code, code: pick(parseAnswer(ended), 'error.code') }).toEqual({
    exit: 2,
    code: 'CONFIG_INVALID',
  });
  fifo(own(job, 'recovery-report.json'));
  expect((await job.salvor(['report', job.jobId()])).code).toBe(4);
  expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
  expect((await job.salvor(['report', job.jobId()])).code).toBe(0);
});

test.concurrent('STATE_CORRUPT: an index that was dropped is no bug of Salvor, and the next run makes it again', async () => {
  await using job = await makeDeadJob();
  for (const name of ['units_by_status', 'units_open', 'jobs_in_order']) alterStore(job.state, `DROP INDEX ${name}`);
  for (const args of [['list'], ['show', job.jobId()], ['--choice', 'resume'], ['--choice', 'cancel']]) {
    const { code, stderr } = await job.salvor(args);
    expect([code, args, / INTERNAL|bug in Salvor/.test(stderr)], stderr).toEqual([code === 0 ? 0 : 3, args, false]);
  }
  await job.salvor(['run', 'job.yaml', '--again']);
  expect((await job.salvor(['doctor'])).stdout).not.toContain('is missing');
});

test.concurrent.each([0, 0o022])(
  'everything in a state directory is its owner’s alone, whatever the umask (%i) and the directory',
  async (umask) => {
    await using job = await makeLedgerJob({ rowCount: 2, verify: true });
    mkdirSync(job.state, { mode: 0o755 });
    job.act({ k2: 'before' });
    expect((await withUmask(umask, () => job.salvor(['run', 'job.yaml']))).signal).toBe('SIGKILL');
    const resume = ['--choice', 'resume', '--job', job.jobId()];
    expect((await withUmask(umask, () => job.salvor(resume))).code).toBe(0);
    expect(existsSync(own(job, 'recovery-report.json'))).toBe(true);
    const files = readdirSync(job.state, { recursive: true, encoding: 'utf8' });
    const modes = files
      .map((name) => [name, statSync(join(job.state, name))] as const)
      .map(([name, stats]) => `${name} ${(stats.mode & 0o777).toString(8)} ${stats.isFile()}`);
    expect(modes.filter((mode) => !/ (600 true|700 false)$/.test(mode))).toEqual([]);
  },
);

/** Starts something with another umask, which a process has from the one that starts it. */
function withUmask<T>(umask: number, start: () => T): T {
  const before = process.umask(umask);
  try {
    return start();
  } finally {
    process.umask(before);
  }
}
