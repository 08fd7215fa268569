import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';

/** Every key is the number of another row, but for the middle one. */
const KEYS = ['5', '4', '3', '2', '1'];
const COLUMNS =
  'write_back: {at: finished_at, state: status, error: error, code: error_code, tries: attempts, key2: idempotency_key, receipt: receipt}';
const UNIT_FIELDS = ['finished_at', 'status', 'error.message', 'error.code', 'attempts', 'idempotency_key'];

/**
 * Holds what the file says of every row against what `units` says, and answers it by key: whether it has an end, state,
 * error, code, attempts, receipt. A receipt proves nothing of a row that is to run.
 */
async function readAgreed(job: LedgerJob): Promise<Readonly<Record<string, string>>> {
  const units = parseAnswer(await job.salvor(['units', 'Shipping', '--json']));
  const [, ...lines] = readFileSync(job.folder.at('rows.csv'), 'utf8').trimEnd().split('\n');
  const rows = lines.map((line, index) => {
    const field = (name: string) => pick(units, `units.${index}.${name}`);
    const [key = '', , ...cells] = line.split(',');
    const receipt = field('status') === 'pending' ? undefined : field('receipt');
    const expected = [...UNIT_FIELDS.map(field), receipt].map((value) => String(value ?? ''));
    expect([key, ...cells]).toEqual([field('key'), ...expected]);
    return [key, [cells[0] && 'end', ...cells.slice(1, 5), cells[6]].join(' ')] as const;
  });
  return Object.fromEntries(rows);
}

async function settle(job: LedgerJob, key: string, ...as: readonly string[]): Promise<void> {
  const ended = await job.salvor(['settle', 'Shipping', '--key', key, '--reason', 'seen', '--as', ...as]);
  expect([ended.code, ended.stderr]).toEqual([0, '']);
}

async function resume(job: LedgerJob): Promise<unknown> {
  const ended = await job.salvor(['--choice', 'resume']);
  return ended.signal ?? ended.code;
}

/** A job whose rows but the last failed twice, and three of which were settled then. */
async function makeSettled(): Promise<LedgerJob> {
  const job = await makeLedgerJob({ keys: KEYS, more: `${COLUMNS}\non_error: continue` });
  const acts = { 5: 'refuse', 4: 'refuse', 3: 'refuse', 2: 'refuse' } as const;
  job.act(acts);
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
  job.act(acts);
  expect(await resume(job)).toBe(5);
  await settle(job, '5', 'pending');
  await settle(job, '4', 'skipped');
  await settle(job, '3', 'done', '--receipt', 'R3');
  return job;
}

const MET = 'the carrier refuses E-3001';
const SETTLED = {
  5: ` pending ${MET} 2 `,
  4: `end skipped ${MET} 2 `,
  3: 'end done   2 R3',
  2: `end failed ${MET} 2 `,
  1: 'end done   1 1Z1',
};

test.concurrent('the rows file and units agree after rows were settled on their second attempt, and after the third', async () => {
  await using job = await makeSettled();
  expect(await readAgreed(job)).toEqual(SETTLED);
  const again = await job.salvor(['write-back', 'Shipping', '--json']);
  expect(pick(parseAnswer(again), 'changed')).toBe(false);
  job.act({ 5: 'before' });
  expect(await resume(job)).toBe('SIGKILL');
  expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
  // Failed rows were put back before the first row was tried.
  const putBack = { ...SETTLED, 2: ` pending ${MET} 2 ` };
  expect(await readAgreed(job)).toEqual({ ...putBack, 5: ` in_doubt ${MET} 3 ` });
  await settle(job, '5', 'pending');
  expect(await readAgreed(job)).toEqual({ ...putBack, 5: ` pending ${MET} 3 ` });
  expect(await resume(job)).toBe(0);
  expect(await readAgreed(job)).toEqual({ ...SETTLED, 5: 'end done   4 1Z5', 2: 'end done   3 1Z2' });
  expect((await job.salvor(['doctor'])).code).toBe(0);
});

test.concurrent('the rows file and units agree after a restart: nothing is left of what rows met before it', async () => {
  await using job = await makeSettled();
  job.act({ 3: 'before' });
  expect((await job.salvor(['--choice', 'restart', '--yes'])).signal).toBe('SIGKILL');
  expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
  expect(await readAgreed(job)).toEqual({
    5: 'end done   1 1Z5',
    4: 'end done   1 1Z4',
    3: ' in_doubt   1 ',
    2: ' pending   0 ',
    1: ' pending   0 ',
  });
});
