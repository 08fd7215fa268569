import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectInvariants } from '../helpers/invariants.ts';
import { type LedgerJob, type LedgerOptions, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const RESUME = ['--choice', 'resume', '--json'];
const TRUE_HOOK = 'grep -qx "$ROW_ID $SALVOR_IDEMPOTENCY_KEY" ledger 2> /dev/null';

/** A job all of whose rows were in hand when its runner was killed; the last one had its effect. */
async function makeDead(options: LedgerOptions = {}): Promise<LedgerJob> {
  const job = await makeLedgerJob({ keys: ['4', '3', '2', '1'], concurrency: 4, verify: true, ...options });
  job.act({ 4: 'pause', 3: 'pause', 2: 'pause', 1: 'torn' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  job.forgetActs();
  expect(statesOf(job)).toEqual(all('in_doubt'));
  return job;
}

function setHook(job: LedgerJob, script: string): void {
  const path = job.folder.at('lookup.sh');
  writeFileSync(path, `#!/bin/sh\necho asked >> asked\n${script}\n`);
  chmodSync(path, 0o755);
}

const all = (status: string) => Array.from({ length: 4 }, () => status);

const statesOf = (job: LedgerJob) =>
  queryStore(job.state, 'SELECT status FROM units ORDER BY number').map(({ status }) => status);

/** Resumes, and answers exit code, outcome and what was said of the end. */
async function resume(job: LedgerJob, more: readonly string[] = []) {
  const ended = await job.salvor([...RESUME, ...more]);
  const answer = parseAnswer(ended);
  return { exit: ended.code, status: pick(answer, 'outcome.status'), code: pick(answer, 'error.code'), answer };
}

const shipped = (job: LedgerJob) =>
  job
    .ledger()
    .map((line) => line.split(' ')[0])
    .sort();

describe('a verify hook that cannot answer', () => {
  test.concurrent('is told as what the recovery ended with, and only when it ended with an error', async () => {
    await using job = await makeDead();
    setHook(job, 'exit 7');
    const short = await job.salvor(RESUME.filter((word) => word !== '--json'));
    expect(short.stdout).toContain('\nIt ended with VERIFY_UNANSWERED: the outcome of 4 rows is not known yet');
    setHook(job, TRUE_HOOK);
    const whole = await job.salvor(RESUME.filter((word) => word !== '--json'));
    expect([whole.code, whole.stdout]).toEqual([0, expect.not.stringContaining('It ended')]);
  });
  test.concurrent('since it contradicts itself leaves its rows to a person, who is told what it said', async () => {
    await using job = await makeLedgerJob({ keys: ['2', '1'], verify: true });
    setHook(job, `echo '{"tracking_number":"1ZX"}'; exit 1`);
    writeFileSync(
      job.folder.at('ship.sh'),
      '#!/bin/sh\necho "$ROW_ID $SALVOR_IDEMPOTENCY_KEY" >> ledger\nkill -9 $$\n',
    );
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    const review = parseAnswer(await job.salvor(['--choice', 'review', '--json']));
    expect(pick(review, 'units.0')).toMatchObject({
      key: '2',
      status: 'needs_review',
      error: {
        code: 'SIGNAL_SIGKILL',
        message: expect.stringMatching(
          /^it was ended by SIGKILL.*; verify: it ended with exit code 1; it gave receipt 1ZX as well$/,
        ),
      },
    });
    const log = readFileSync(`${job.state}/jobs/${job.jobId()}/run.log`, 'utf8');
    expect(log).toContain('{"tracking_number":"1ZX"}');
    expect(shipped(job)).toEqual(['2']);
  });
  test.concurrent('leaves its rows in doubt, and the next resume asks again', async () => {
    await using job = await makeDead();
    setHook(job, 'echo "no route to host" >&2; exit 7');
    for (const times of ['once', '2 times']) {
      const { exit, status, answer } = await resume(job);
      expect({ exit, status, states: statesOf(job) }).toEqual({
        exit: 5,
        status: 'failed',
        states: all('in_doubt'),
      });
      expect(pick(answer, 'diagnostics')).toContain(
        'ended with VERIFY_UNANSWERED: the outcome of 4 rows is not known yet: the verify hook gave no answer',
      );
      const review = parseAnswer(await job.salvor(['--choice', 'review', '--json']));
      expect(pick(review, 'units.0')).toMatchObject({
        status: 'in_doubt',
        error: { code: 'EXIT_7', message: `verify: asked ${times}, no answer: no route to host` },
      });
      expect(job.ledger()).toHaveLength(1);
    }
    const { stdout } = await job.salvor(['show', job.jobId(), '--prompt']);
    expect(stdout).toContain('Last error: EXIT_7: verify: asked 2 times, no answer: no route to host\n');
    expect(stdout).toContain('Resume will ask the verify hook about the row in doubt.');
    const listed = parseAnswer(await job.salvor(['list', '--json']));
    expect(pick(listed, 'jobs.0')).toMatchObject({ recommended: 'resume', attention: 'in doubt', verdict: 'failed' });
    setHook(job, TRUE_HOOK);
    expect(await resume(job)).toMatchObject({ exit: 0, status: 'recovered' });
    expect(shipped(job)).toEqual(['1', '2', '3', '4']);
    expect((await job.salvor(['doctor', '--json'])).code).toBe(0);
    expectInvariants(job.state);
  });

  test.concurrent('in three runs leaves its rows to a person, until it is asked again', async () => {
    await using job = await makeDead();
    setHook(job, 'exit 2');
    for (const exit of [5, 5, 8]) expect(await resume(job)).toMatchObject({ exit });
    expect(statesOf(job)).toEqual(all('needs_review'));
    expect(await resume(job)).toMatchObject({ exit: 8, code: 'REVIEW_NEEDED' });
    const plan = parseAnswer(await job.salvor([...RESUME, '--verify-again', '--dry-run']));
    expect(pick(plan, 'plan.steps')).toContainEqual({
      action: 'ask_again',
      detail: 'ask the verify hook again about 4 rows under review',
    });
    // One vain question more is enough to leave it to a person again.
    expect(await resume(job, ['--verify-again'])).toMatchObject({ exit: 8 });
    expect(statesOf(job)).toEqual(all('needs_review'));
    setHook(job, TRUE_HOOK);
    expect(await resume(job, ['--verify-again', '--detach'])).toMatchObject({ exit: 0 });
    await waitFor('the detached run is over', () => statesOf(job).every((status) => status === 'done'));
    expect(shipped(job)).toEqual(['1', '2', '3', '4']);
    expect((await job.salvor(['doctor', '--json'])).code).toBe(0);
  });

  test.concurrent('that hangs is not asked about every row in one run', async () => {
    await using job = await makeDead({ more: 'timeout: 1s' });
    setHook(job, 'exec sleep 60');
    const { exit, answer } = await resume(job);
    expect(exit).toBe(5);
    expect(job.events('unanswered')).toEqual([1, 2, 3]);
    expect(JSON.stringify(pick(answer, 'diagnostics'))).toContain('gave no answer and was not asked about 1 of them');
    expect(statesOf(job)).toEqual(all('in_doubt'));
  });

  test.concurrent('since it is gone refuses the resume, and leaves every row as it was', async () => {
    await using job = await makeDead();
    rmSync(job.folder.at('lookup.sh'));
    expect(await resume(job)).toMatchObject({ exit: 3, code: 'PREREQUISITE_MISSING' });
    expect(job.events('unanswered')).toEqual([]);
    setHook(job, 'exec ./gone');
    expect(await resume(job)).toMatchObject({ exit: 5 });
    expect(job.events('unanswered')).toEqual([1, 2, 3]);
    setHook(job, TRUE_HOOK);
    expect(await resume(job)).toMatchObject({ exit: 0 });
    expect(shipped(job)).toEqual(['1', '2', '3', '4']);
  });

  test.concurrent('leaves a row that is in doubt in this very run so, and it is asked about later', async () => {
    await using job = await makeLedgerJob({ rowCount: 2, verify: true, more: 'on_error: continue' });
    writeFileSync(job.folder.at('ship.sh'), 'echo \'{"ambiguous":true}\'; exit 1\n');
    setHook(job, 'exit 7');
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    expect(statesOf(job)).toEqual(['in_doubt', 'in_doubt']);
    setHook(job, 'exit 0');
    expect(await resume(job)).toMatchObject({ exit: 0 });
  });
});

describe('a job with nothing but rows under review', () => {
  const makeReviewed = async () => {
    const job = await makeDead({ verify: false });
    expect(await resume(job)).toMatchObject({ exit: 8 });
    return job;
  };

  test.concurrent('can be restarted', async () => {
    await using job = await makeReviewed();
    const ended = await job.salvor(['--choice', 'restart', '--yes', '--json']);
    expect(ended.code).toBe(0);
    expect(statesOf(job)).toEqual(all('done'));
  });

  test.concurrent('can be cancelled', async () => {
    await using job = await makeReviewed();
    expect((await job.salvor(['--choice', 'cancel', '--json'])).code).toBe(0);
    const shown = parseAnswer(await job.salvor(['show', job.jobId(), '--json']));
    expect(pick(shown, 'diagnosis.verdict') ?? pick(shown, 'verdict')).toBe('cancelled');
  });

  test.concurrent('cannot be asked about again when there is no hook', async () => {
    await using job = await makeReviewed();
    expect(await resume(job, ['--verify-again'])).toMatchObject({ exit: 8, code: 'REVIEW_NEEDED' });
    expect((await job.salvor(['--choice', 'cancel', '--verify-again', '--json'])).code).toBe(2);
  });
});
