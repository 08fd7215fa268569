/** What rows in hand say once it cannot be recorded any more: read to the end, and told in full. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readProcessStat } from '../../src/platform/process-probe.ts';
import { type LedgerJob, type LedgerOptions, makeLedgerJob } from '../helpers/ledger-job.ts';
import { type Ended, parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const KEYS = ['4', '3', '2', '1'];
/** Somebody else takes the job over. */
const TAKE_OVER = `INSERT INTO leases SELECT job_seq, epoch + 1, purpose, 'elsewhere', boot_id, pid_namespace, pid,
  pid_start_ticks, 'token', principal, acquired_at_ms, heartbeat_at_ms, NULL FROM leases`;
/** Each row waits until the command of the row before is gone, and works a while: longer than it takes to be ended. */
const IN_TURN = `#!/bin/sh
echo $$ > "pid.$SALVOR_UNIT_NUMBER"
await() { while ! eval "$1" && [ -e rows.csv ]; do sleep 0.01; done; }
await '[ -e go ]'
if [ "$SALVOR_UNIT_NUMBER" -gt 1 ]; then await '! kill -0 $(cat pid.$((SALVOR_UNIT_NUMBER - 1))) 2> /dev/null'; sleep 0.2; fi
printf '%s %s\\n' "$ROW_ID" "$SALVOR_IDEMPOTENCY_KEY" >> ledger
PRINT
`;
const WITH_RECEIPT = `printf '{"tracking_number":"1Z%s-%s"}\\n' "$ROW_ID" "$(printf %090d 0)"`;
const receiptOf = (key: string) => `1Z${key}-${'0'.repeat(90)}`;

/** Starts a job with four rows in hand that wait for each other and for \`go\`. */
async function makeInHand(
  args: readonly string[],
  { print = WITH_RECEIPT, ...options }: LedgerOptions & { print?: string } = {},
) {
  const job = await makeLedgerJob({ keys: KEYS, concurrency: 4, ...options });
  writeFileSync(job.folder.at('ship.sh'), IN_TURN.replace('PRINT', print));
  chmodSync(job.folder.at('ship.sh'), 0o755);
  return {
    job,
    start: () => job.start(args),
    isInHand: () => KEYS.every((_, at) => existsSync(job.folder.at(`pid.${at + 1}`))),
  };
}

function readLog(job: LedgerJob): string {
  return readFileSync(join(job.state, 'jobs', job.jobId(), 'run.log'), 'utf8');
}

function expectTold(text: string): void {
  for (const [index, key] of KEYS.entries()) expect(text).toContain(`row ${index + 1}: ${receiptOf(key)}`);
}

test.concurrent('a run that is taken over hears its rows in hand to the end, and tells and logs every receipt', async () => {
  const { job, start, isInHand } = await makeInHand(['run', 'job.yaml']);
  await using _ = job;
  await using run = start();
  await waitFor('all rows are in hand', isInHand);
  expect(alterStore(job.state, TAKE_OVER)).toBe(1);
  job.go();
  const ended = await run.ended;
  expect(ended.code).toBe(6);
  expect(job.ledger()).toHaveLength(4);
  expectTold(ended.stderr);
  expect(ended.stderr).toMatch(/^Next: salvor show \w+$/m);
  const log = readLog(job);
  for (const key of KEYS) expect(log).toContain(`the receipt ${receiptOf(key)} of row ${5 - Number(key)} could not be`);
  expect(queryStore(job.state, 'SELECT DISTINCT status FROM units')).toEqual([{ status: 'in_doubt' }]);
});

test.concurrent('a runner that was stopped while its job was cancelled tells every receipt, and advises no resume', async () => {
  const { job, start, isInHand } = await makeInHand(['run', 'job.yaml']);
  await using _ = job;
  await using run = start();
  await waitFor('all rows are in hand', isInHand);
  run.signal('SIGSTOP');
  await waitFor('it is stopped', () => readProcessStat(run.pid)?.state === 'T');
  job.go();
  await waitFor('all rows are done', () => job.ledger().length === 4);
  expect((await job.salvor(['--choice', 'cancel', '--yes', '--grace', '1s'])).code).toBe(0);
  run.signal('SIGCONT');
  const ended = await run.ended;
  expect(ended.code).toBe(6);
  expectTold(ended.stderr);
  expect(ended.stderr).not.toContain('--choice resume');
});

test.concurrent('a resume that is taken over tells of rows without a receipt that they are done', async () => {
  const { job, isInHand } = await makeInHand([], { print: 'true' });
  await using _ = job;
  writeFileSync(job.folder.at('rows.csv'), 'id\n4\n3\n2\n1\n');
  job.act({});
  await using first = job.start(['run', 'job.yaml']);
  await waitFor('all rows are in hand', isInHand);
  first.signal('SIGKILL');
  await first.ended;
  expect((await job.salvor(['--choice', 'resume', '--orphans', 'end'])).code).toBe(8);
  for (const key of KEYS)
    expect((await job.salvor(['settle', 'Shipping', '--key', key, '--as', 'pending', '--reason', 'x'])).code).toBe(0);
  for (const name of readdirSync(job.folder.path))
    if (name.startsWith('pid.')) execFileSync('rm', [job.folder.at(name)]);
  await using second = job.start(['--choice', 'resume']);
  await waitFor('all rows are in hand again', isInHand);
  expect(alterStore(job.state, `${TAKE_OVER} ORDER BY epoch DESC LIMIT 1`)).toBe(1);
  job.go();
  const { code, stdout, stderr } = await second.ended;
  expect(code).toBe(6);
  expect(stdout).toContain('taken over, settled or cancelled by somebody else while it ran');
  for (const number of [1, 2, 3, 4])
    expect(`${stdout}${stderr}`).toContain(`that row ${number} is done could not be recorded`);
});

test.concurrent('a second signal ends what a run that was taken over has in hand, and what was heard is told', async () => {
  const print = `if [ "$SALVOR_UNIT_NUMBER" = 1 ]; then ${WITH_RECEIPT}; else sleep 1000; fi`;
  const { job, start, isInHand } = await makeInHand(['run', 'job.yaml'], { print });
  await using _ = job;
  await using run = start();
  await waitFor('all rows are in hand', isInHand);
  expect(alterStore(job.state, TAKE_OVER)).toBe(1);
  job.go();
  await waitFor('the first has spoken, the second works', () => readLog(job).includes('of row 1') && job.ledger()[1]);
  run.signal('SIGTERM');
  await waitFor('it stops', () => run.said().stderr.includes('Stopping'));
  const saidAtMs = performance.now();
  // Two within a second are one key press heard twice.
  await waitFor('a second one counts', () => performance.now() - saidAtMs > 1_100);
  run.signal('SIGTERM');
  const ended = await run.ended;
  expect(ended.code).toBe(6);
  expect(ended.stderr).toContain(`row 1: ${receiptOf('4')}`);
  expect(queryStore(job.state, 'SELECT DISTINCT status FROM units')).toEqual([{ status: 'in_doubt' }]);
});

test.concurrent.each<readonly [readonly string[], (ended: Ended) => string]>([
  [[], ({ stderr }) => stderr],
  [['--json'], (ended) => String(pick(parseAnswer(ended), 'last_error.message'))],
])('a run whose disk fills up tells every receipt of its rows in hand (%j)', async (more, read) => {
  const { job, start, isInHand } = await makeInHand(['run', 'job.yaml', ...more]);
  await using _ = job;
  mkdirSync(job.state);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'none', job.state], { stdio: 'ignore' });
  } catch {
    return;
  }
  try {
    await using run = start();
    await waitFor('all rows are in hand', isInHand);
    fillUp(join(job.state, 'ballast'));
    job.go();
    const ended = await run.ended;
    expect(ended.code).toBe(5);
    expect(job.ledger()).toHaveLength(4);
    expectTold(read(ended));
  } finally {
    execFileSync('umount', ['-l', job.state]);
  }
});

function fillUp(path: string): void {
  for (const size of [65_536, 4096, 512, 1]) {
    try {
      for (;;) appendFileSync(path, Buffer.alloc(size));
    } catch {
      // Full at this size; smaller pieces may still fit.
    }
  }
}
