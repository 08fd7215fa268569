/** What cannot be said changes nothing of what is done, and the exit code says when the answer got lost. */
import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { PROGRAM } from '../helpers/salvor.ts';

const SCRIPT = '[ -z "$OUT" ] || exec >"$OUT"; [ -z "$ERR" ] || exec 2>"$ERR"; exec "$NODE" "$SALVOR" "$@"\n';
const LOST = 'the answer could not be written to standard output: ENOSPC';

/** A job of three rows, and Salvor with streams to write to that it does not choose. */
async function makeJob() {
  const job = await makeLedgerJob({ rowCount: 3, verify: true });
  await job.folder.write('to.sh', SCRIPT);
  const say = (args: readonly string[], streams: Readonly<Record<string, string>>) => {
    const env = { NODE: process.execPath, SALVOR: PROGRAM, ...streams };
    return job.salvor(args, { node: '/bin/sh', program: job.folder.at('to.sh'), env });
  };
  return { job, say, [Symbol.asyncDispose]: () => job[Symbol.asyncDispose]() };
}

async function die(job: LedgerJob): Promise<void> {
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
}

const FULL = '/dev/full';

test.skipIf(!existsSync(FULL)).concurrent('exit 9 and one sentence: every answer that cannot be written', async () => {
  await using made = await makeJob();
  const { job, say } = made;
  await die(job);
  for (const args of [
    ['--version'],
    ['help'],
    ['list', '--all'],
    ['list', '--json'],
    ['show', job.jobId()],
    ['units', job.jobId(), '--json'],
    ['units', job.jobId(), '--csv'],
    ['audit', job.jobId(), '--json'],
    ['completion', 'bash'],
    ['doctor'],
  ]) {
    const { code, stderr } = await say(args, { OUT: FULL });
    expect({ args, code }, stderr).toEqual({ args, code: 9 });
    expect(stderr).toContain(LOST);
    expect(stderr).not.toMatch(/bug in Salvor|\n\s+at /);
    const silent = await say(args, { OUT: FULL, ERR: FULL });
    expect({ args, code: silent.code, said: silent.stdout + silent.stderr }).toEqual({ args, code: 9, said: '' });
  }
});

test.skipIf(!existsSync(FULL)).concurrent('what was asked for is done to its end all the same', async () => {
  await using made = await makeJob();
  const { job, say } = made;
  await die(job);
  const settle = ['settle', job.jobId(), 'k2', '--as', 'pending', '--reason', 'r', '--yes', '--json'];
  expect((await say(settle, { OUT: FULL })).code).toBe(9);
  const resumed = await say(['--choice', 'resume', '--json'], { OUT: FULL });
  expect({ code: resumed.code, isTold: resumed.stderr.includes(LOST) }).toEqual({ code: 9, isTold: true });
  expect(job.ledger()).toHaveLength(3);
  expect((await say(['run', 'job.yaml', '--name', 'second'], { OUT: FULL, ERR: FULL })).code).toBe(9);
  expect(job.ledger()).toHaveLength(6);
  expect((await say(['run', 'job.yaml', '--name', 'third'], { ERR: FULL })).code).toBe(0);
  expect(job.ledger()).toHaveLength(9);
});

test.skipIf(!existsSync(FULL)).concurrent('an exit code that says more than a lost answer stays', async () => {
  await using made = await makeJob();
  const { job, say } = made;
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
  for (const [args, code] of [
    [['show', 'nothing', '--json'], 2],
    [['--choice', 'resume', '--json'], 4],
  ] as const) {
    const ended = await say(args, { OUT: FULL });
    expect({ args, code: ended.code }).toEqual({ args, code });
    expect(ended.stderr).toContain(LOST);
  }
  expect((await say(['show', 'nothing'], { ERR: FULL })).code).toBe(2);
});
