import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { countStates, expectInvariants } from '../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore, queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const RESUME = ['--choice', 'resume', '--yes', '--json'];
/** Every key is the number of another row, but for the middle one. */
const KEYS = ['5', '4', '3', '2', '1'];

/** A job whose row 2 (key 4) was in hand when its runner was killed, before its effect. */
async function makeDead(keys: readonly string[] = KEYS): Promise<LedgerJob> {
  const job = await makeLedgerJob({ keys });
  job.act({ [keys[1] ?? '']: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

/** Settles, and answers code, error and what was said. */
async function settle(job: LedgerJob, args: readonly string[], more: readonly string[] = ['--as', 'pending']) {
  const ended = await job.salvor(['settle', job.jobId(), ...args, ...more, '--reason', 'seen', '--json']);
  const answer = parseAnswer(ended);
  return { exit: ended.code, code: pick(answer, 'error.code'), message: pick(answer, 'error.message'), answer };
}

/** States of the rows, in the order of the file. */
const statusesOf = (job: LedgerJob) =>
  queryStore(job.state, 'SELECT status FROM units ORDER BY number').map(({ status }) => status);

describe('which row', () => {
  test.concurrent('a text that could mean two rows is refused and names both; each has a way to be said', async () => {
    await using job = await makeDead();
    const before = statusesOf(job);
    expect(await settle(job, ['2'])).toMatchObject({
      exit: 2,
      code: 'UNIT_AMBIGUOUS',
      message:
        "'2' could mean two rows: row 4 with key '2', and row 2 with key '4'; say --number 4 for the first, --number 2 for the second",
    });
    expect(statusesOf(job)).toEqual(before);
    const inText = await job.salvor(['settle', job.jobId(), '#2', '--as', 'pending', '--reason', 'not there']);
    expect(inText).toMatchObject({ code: 0, stdout: 'Row 2 (4) is pending now; it was in doubt.\n' });
    expect(statusesOf(job)).toEqual(['done', 'pending', 'pending', 'pending', 'pending']);
    expect((await job.salvor(RESUME)).code).toBe(0);
    expect(job.ledger().map((line) => line.split(' ')[0])).toEqual(KEYS);
  });

  test.concurrent('a key, a number with its sign, and a key that looks like one are told apart', async () => {
    await using job = await makeDead(['1', '#1', '#3', '2', 'x y']);
    const refused = async (text: string) => {
      const { exit, code, message } = await settle(job, [text]);
      return { exit, code, message: String(message) };
    };
    // Row 1 has the key that its own number is.
    expect((await refused('1')).code).toBe('UNIT_NOT_OPEN');
    expect(await refused('#1')).toMatchObject({ exit: 2, code: 'UNIT_AMBIGUOUS' });
    expect((await refused('#1')).message).toContain("row 2 with key '#1', and row 1 with key '1'");
    expect((await refused('#2')).code).toBe(undefined);
    expect((await refused('#4')).message).toContain('row 4 (2) is pending');
    expect((await refused('3')).message).toContain("no row has the key '3'; row 3 has the key '#3': say '#3'");
    for (const text of ['x', '9', '#9', '#02', '#', '-1']) {
      const said = text.startsWith('-') ? ['--key', text] : [text];
      const refusal = await settle(job, said);
      expect(refusal, text).toMatchObject({ exit: 2, code: 'UNIT_UNKNOWN' });
      expect(pick(refusal.answer, 'error.details.unit')).toBe(text);
    }
    expect((await settle(job, ['--key', '#3'])).message).toContain('row 3 (#3) is pending');
    expect((await settle(job, ['--number', '1'])).message).toContain('row 1 (1) is done');
    expect((await settle(job, ['--number', 'x'])).code).toBe('USAGE_INVALID');
  });

  test.concurrent('its answer names what was settled, also when a row was named twice', async () => {
    await using job = await makeDead();
    const done = ['--as', 'done', '--receipt', '1Z9'];
    expect((await settle(job, ['#2', '--key', '4', '--number', '2'], done)).answer).toEqual({
      schema_version: 1,
      job: { id: job.jobId(), name: 'Shipping', kind: 'batch', source: 'native' },
      units: [{ number: 2, key: '4', was: 'in_doubt', now: 'done' }],
      as: 'done',
      reason: 'seen',
      receipt: '1Z9',
    });
  });
});

describe('several rows at once', () => {
  /** Rows 2 and 4 refused with an error, row 3 under review, row 5 in doubt. */
  async function makeOpen(): Promise<LedgerJob> {
    const job = await makeLedgerJob({ keys: KEYS, more: 'on_error: continue' });
    job.act({ 4: 'refuse', 2: 'refuse', 1: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    return job;
  }

  test.concurrent('all are settled or none: one that is not open keeps the others as they were', async () => {
    await using job = await makeOpen();
    const before = statusesOf(job);
    expect(before).toEqual(['done', 'failed', 'done', 'failed', 'in_doubt']);
    expect(await settle(job, ['#2', '#1'])).toMatchObject({ exit: 3, code: 'UNIT_NOT_OPEN' });
    expect(await settle(job, ['#2', 'nobody'])).toMatchObject({ exit: 2, code: 'UNIT_UNKNOWN' });
    expect(await settle(job, ['#2', '#4'], ['--as', 'done', '--receipt', '1Z'])).toMatchObject({ exit: 2 });
    expect(statusesOf(job)).toEqual(before);
    expect((await settle(job, ['#2', '#5'], ['--as', 'skipped'])).exit).toBe(0);
    expect(statusesOf(job)).toEqual(['done', 'skipped', 'done', 'failed', 'skipped']);
    const { audit } = expectInvariants(job.state);
    expect(audit.filter((entry) => entry['action'] === 'settle' && entry['outcome'] === 'done')).toHaveLength(2);
  });

  test.concurrent('--all and --filter say what they would do, and do it with --yes', async () => {
    await using job = await makeOpen();
    const skip = ['--as', 'skipped'];
    const asked = await settle(job, ['--all'], skip);
    expect(asked).toMatchObject({ exit: 7, code: 'CONFIRMATION_NEEDED' });
    expect(asked.message).toBe('this would settle 1 row as skipped: 5 (1); nothing was changed');
    expect(pick(asked.answer, 'error.details.units')).toEqual([{ number: 5, key: '1', status: 'in_doubt' }]);
    const failed = ['--filter', 'status=failed', '--filter', 'error=E-3001'];
    expect((await settle(job, failed, skip)).message).toContain('2 rows as skipped: 2 (4), 4 (2)');
    expect((await settle(job, [...failed, '--filter', 'key=[4]'], skip)).code).toBe('REVIEW_EMPTY');
    expect((await settle(job, [...failed, '--filter', 'key=?', '--filter', 'error=E-1'], skip)).exit).toBe(7);
    expect((await settle(job, [...failed, '--filter', 'key=4*', '--yes'], skip)).answer['units']).toEqual([
      { number: 2, key: '4', was: 'failed', now: 'skipped' },
    ]);
    expect((await settle(job, ['--all', '--yes'], ['--as', 'pending'])).exit).toBe(0);
    expect(statusesOf(job)).toEqual(['done', 'skipped', 'done', 'failed', 'pending']);
    expect(await settle(job, ['--all', '--yes'])).toMatchObject({ exit: 4, code: 'REVIEW_EMPTY' });
    for (const args of [['--all', '#2'], [], ['--filter', 'state=failed'], ['--filter', 'status=broken']]) {
      expect(await settle(job, args), args.join(' ')).toMatchObject({ exit: 2, code: 'USAGE_INVALID' });
    }
    expect(countStates(expectInvariants(job.state))).toEqual({ done: 2, skipped: 1, failed: 1, pending: 1 });
  });
});

describe('a row that a runner has in hand', () => {
  /** A runner that waits in its second row, before the effect. */
  async function makeBusy() {
    const job = await makeLedgerJob({ keys: KEYS });
    job.act({ 4: 'pause' });
    const runner = job.start(['run', 'job.yaml', '--json']);
    await waitFor('row 2 is in hand', () => job.events('intent').includes(2) && !job.willAct('4'));
    return { job, runner };
  }

  test.concurrent.each([
    ['as it is', () => {}, { exit: 6, code: 'RUNNER_ALIVE' }],
    [
      'recorded on another host, its heartbeat fresh',
      (job: LedgerJob) => alterStore(job.state, "UPDATE leases SET host = 'elsewhere'"),
      { exit: 6, code: 'RUNNER_ALIVE' },
    ],
    [
      'its lock file removed',
      (job: LedgerJob) => rmSync(join(job.state, 'jobs', job.jobId(), 'lease.lock')),
      { exit: 3, code: 'LIVENESS_UNKNOWN' },
    ],
  ] as const)('is not settled, and is done once: the runner is %s', async (_what, change, refused) => {
    const { job, runner } = await makeBusy();
    await using _job = job;
    await using _runner = runner;
    change(job);
    for (const as of ['pending', 'done', 'skipped']) {
      expect(await settle(job, ['#2'], ['--as', as])).toMatchObject(refused);
    }
    job.go();
    expect((await runner.ended).code).toBe(0);
    expect(job.ledger().map((line) => line.split(' ')[0])).toEqual(KEYS);
    expect(countStates(expectInvariants(job.state))).toEqual({ done: 5 });
  });

  test.concurrent('of a dead runner on another host is settled, and fences it: what it still says is refused', async () => {
    const { job, runner } = await makeBusy();
    await using _job = job;
    await using _runner = runner;
    rmSync(join(job.state, 'jobs', job.jobId(), 'lease.lock'));
    runner.signal('SIGSTOP');
    alterStore(job.state, "UPDATE leases SET host = 'elsewhere', heartbeat_at_ms = 1000");
    // Its command waits for its word; it is seen from here, as it would not be from there.
    expect(await settle(job, ['#2'])).toMatchObject({ exit: 3, code: 'ORPHAN_RUNNING' });
    job.go();
    await waitFor('row 2 has its effect', () => job.ledger().length === 2);
    await waitFor('its command is gone', async () => (await settle(job, ['#2'], ['--as', 'done'])).exit === 0);
    runner.signal('SIGCONT');
    const { code, stdout } = await runner.ended;
    expect({ code, stdout: pick(JSON.parse(stdout), 'last_error.code') }).toEqual({ code: 6, stdout: 'LEASE_FENCED' });
    expect(statusesOf(job)).toEqual(['done', 'done', 'pending', 'pending', 'pending']);
    expect((await job.salvor(RESUME)).code).toBe(0);
    expect(job.ledger().map((line) => line.split(' ')[0])).toEqual(KEYS);
    expectInvariants(job.state);
  });
});
