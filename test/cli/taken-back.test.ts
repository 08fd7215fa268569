/** A worker that says no, and something else of the same row later: nobody can tell, and nothing is tried again. */
import { describe, expect, test } from 'vitest';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const WORKER = { kind: 'worker', keys: ['2', '1'] } as const;

describe('a no that the worker takes back', () => {
  test.concurrent('after the row counted as failed: it is under review with its receipt, and no resume does it again', async () => {
    await using job = await makeLedgerJob(WORKER);
    job.act({ '2': 'recant' });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    const units = parseAnswer(await job.salvor(['units', job.jobId(), '--json']));
    expect(pick(units, 'units.0')).toMatchObject({
      key: '2',
      status: 'needs_review',
      receipt: '1Z2',
      finished_at: null,
      error: { code: 'WORKER_PROTOCOL', message: 'its worker said no, and receipt 1Z2 later' },
    });
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(8);
    expect(job.ledger().map((line) => line.split(' ')[0])).toEqual(['2', '1']);
    expect((await job.salvor(['doctor'])).code).toBe(0);
  });

  test.concurrent('while the row waits to be tried again: it is not tried', async () => {
    await using job = await makeLedgerJob({ ...WORKER, more: 'retry: {attempts: 2, initial_delay: 3s}' });
    job.act({ '2': 'recant' });
    const running = job.start(['run', 'job.yaml']);
    await waitFor('it waits to be tried again', () => job.events('retry').length === 1);
    job.go();
    expect((await running.ended).code).toBe(5);
    expect(job.ledger().map((line) => line.split(' ')[0])).toEqual(['2']);
    expect(queryStore(job.state, 'SELECT status, receipt FROM units WHERE number = 1')).toEqual([
      { status: 'needs_review', receipt: '1Z2' },
    ]);
    expect(job.events('intent')).toEqual([1]);
  });

  test.concurrent('of one of several rows that wait: none of them is tried, and every receipt is kept', async () => {
    const keys = ['3', '2', '1'];
    await using job = await makeLedgerJob({
      kind: 'worker',
      keys,
      concurrency: 3,
      more: 'retry: {attempts: 3, initial_delay: 3s}',
    });
    job.act({ '3': 'recant', '2': 'refuse', '1': 'recant' });
    const running = job.start(['run', 'job.yaml']);
    await waitFor('all wait to be tried again', () => job.events('retry').length === 3);
    job.go();
    expect((await running.ended).code).toBe(5);
    expect(job.events('intent')).toHaveLength(3);
    const units = queryStore(
      job.state,
      'SELECT key, status, receipt, error_code, error_message FROM units ORDER BY number',
    );
    expect(units.map(({ status, error_code: code }) => [status, code])).toEqual(
      keys.map(() => ['needs_review', 'WORKER_PROTOCOL']),
    );
    expect(units[1]?.['error_message']).toMatch(
      /^E-3001: the carrier refuses; its worker said so, and broke the protocol/,
    );
    // The worker was ended at the first; whatever it had said by then is kept.
    const told = job.ledger().map((line) => line.split(' ')[0]);
    expect(told.length).toBeGreaterThan(0);
    expect(told.filter((key) => units.some((unit) => unit['receipt'] === `1Z${key}`)).length).toBeGreaterThan(0);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(8);
    expect(new Set(job.ledger()).size).toBe(job.ledger().length);
    expect((await job.salvor(['doctor'])).code).toBe(0);
  });
});
