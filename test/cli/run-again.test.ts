import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { type Ended, parseAnswer, pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

async function makeDead(more = ''): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 3, more });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

function jobCount(job: LedgerJob): number {
  return queryStore(job.state, 'SELECT id FROM jobs').length;
}

function refusal(ended: Ended): unknown {
  return [ended.code, pick(parseAnswer(ended), 'error.code'), pick(parseAnswer(ended), 'error.details.verdict')];
}

test.concurrent.each([[[]], [['--detach']]])(
  'run of rows that an interrupted job has is asked about: nothing is done (%j)',
  async (more) => {
    await using job = await makeDead();
    const id = job.jobId();
    const ended = await job.salvor(['run', 'job.yaml', '--json', ...more]);
    expect(refusal(ended)).toEqual([7, 'JOB_UNFINISHED', 'interrupted']);
    expect(pick(parseAnswer(ended), 'error.details')).toMatchObject({
      job: { id, name: 'Shipping' },
      progress: { done: 1, total: 3, in_doubt: 1 },
      commands: { continue: `salvor --choice resume --job ${id}`, again: '--again' },
    });
    const said = (await job.salvor(['run', 'job.yaml', ...more])).stderr;
    expect(said).toContain(`job ${id} 'Shipping' has the same rows and is not finished: interrupted, 1 of 3 rows done`);
    expect(said).toContain(`salvor --choice resume --job ${id}`);
    expect(said).toContain('--again');
    expect([job.ledger().length, jobCount(job)]).toEqual([1, 1]);
  },
);

test.concurrent('run --again does every row under new idempotency keys', async () => {
  await using job = await makeDead();
  const again = await job.salvor(['run', 'job.yaml', '--again']);
  expect([again.code, again.stderr]).toEqual([0, expect.not.stringContaining('Note')]);
  expect(job.ledger()).toHaveLength(4);
  expect(new Set(job.ledger()).size).toBe(4);
});

test.concurrent('run of rows that a living job has names it, and of two at once one is told of the other', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  job.act({ k1: 'pause' });
  await using first = job.start(['run', 'job.yaml', '--json']);
  await using second = job.start(['run', 'job.yaml', '--json']);
  const refused = await Promise.race([first.ended, second.ended]);
  expect(pick(parseAnswer(refused), 'error.code')).toBe('JOB_UNFINISHED');
  await waitFor('row 1 is in hand', () => !job.willAct('k1'));
  expect(refusal(await job.salvor(['run', 'job.yaml', '--json']))).toEqual([7, 'JOB_UNFINISHED', 'alive']);
  job.go();
  expect([(await first.ended).code, (await second.ended).code].toSorted()).toEqual([0, 7]);
  expect([job.ledger().length, jobCount(job)]).toEqual([3, 1]);
});

test.concurrent('run is asked about after a write-back changed the file, and while rows wait for review', async () => {
  await using failed = await makeLedgerJob({ rowCount: 3, more: 'write_back: {state: status}' });
  failed.act({ k2: 'refuse' });
  expect((await failed.salvor(['run', 'job.yaml'])).code).toBe(5);
  expect(refusal(await failed.salvor(['run', 'job.yaml', '--json']))).toEqual([7, 'JOB_UNFINISHED', 'failed']);
  await using review = await makeDead('on_error: continue');
  expect((await review.salvor(['--choice', 'resume'])).code).toBe(8);
  const ended = await review.salvor(['run', 'job.yaml', '--json']);
  expect([ended.code, pick(parseAnswer(ended), 'error.code')]).toEqual([7, 'JOB_UNFINISHED']);
  expect(pick(parseAnswer(ended), 'error.details.progress')).toMatchObject({ needs_review: 1 });
  const next = `salvor --choice review --job ${review.jobId()}`;
  expect(pick(parseAnswer(ended), 'error.details.commands.continue')).toBe(next);
  const message = pick(parseAnswer(ended), 'error.message');
  expect(message).toContain(`not finished: ended with 1 row under review, 2 of 3 rows done. Go on with it: ${next}.`);
  expect((await review.salvor(next.split(' ').slice(1))).code).toBe(0);
});

test.concurrent('run of other rows, of another name, and of rows that an ended job had goes on; the last is said', async () => {
  await using job = await makeDead();
  expect((await job.salvor(['run', 'job.yaml', '--name', 'Other'])).code).toBe(0);
  const repeated = await job.salvor(['run', 'job.yaml', '--name', 'Other']);
  expect([repeated.code, repeated.stderr]).toEqual([
    0,
    expect.stringMatching(/^Note: job b\w+ \(completed\) had these/),
  ]);
  expect((await job.salvor(['--choice', 'cancel', '--yes'])).code).toBe(0);
  const settle = ['settle', 'Shipping', '--all', '--as', 'skipped', '--reason', 'asked them', '--yes'];
  expect((await job.salvor(settle)).code).toBe(0);
  const afterCancel = await job.salvor(['run', 'job.yaml', '--detach']);
  expect([afterCancel.code, afterCancel.stderr]).toEqual([
    0,
    expect.stringMatching(/^Note: job b\w+ \(cancelled\) had/),
  ]);
  await waitFor('it is through', () => job.ledger().length === 10);
  writeFileSync(job.folder.at('rows.csv'), 'id,customer\nk9,Customer 9\n');
  const other = await job.salvor(['run', 'job.yaml']);
  expect([other.code, other.stderr]).toEqual([0, expect.not.stringContaining('Note')]);
});

test.concurrent.each(['', '  ', 'a\nb', 'x'.repeat(201), '\u001b[31m'])('run --name %j is no name', async (name) => {
  await using job = await makeLedgerJob({ rowCount: 1 });
  const ended = await job.salvor(['run', 'job.yaml', '--name', name, '--json']);
  expect([ended.code, pick(parseAnswer(ended), 'error.code')]).toEqual([2, 'USAGE_INVALID']);
});

test.concurrent.each([
  ['a line was appended', (rows: string) => `${rows}k9,Nine\n`],
  ['a cell of a row that is not done was put right', (rows: string) => rows.replace(/^k3,.*$/m, 'k3,Other')],
])('run of a file that an unfinished job was made of is asked about when %s', async (_what, edit) => {
  await using job = await makeDead();
  const path = job.folder.at('rows.csv');
  const before = readFileSync(path, 'utf8');
  writeFileSync(path, edit(before));
  expect(readFileSync(path, 'utf8')).not.toBe(before);
  const ended = await job.salvor(['run', 'job.yaml', '--json']);
  expect(refusal(ended)).toEqual([7, 'JOB_UNFINISHED', 'interrupted']);
  expect(pick(parseAnswer(ended), 'error.details.rows_changed')).toBe(true);
  expect((await job.salvor(['run', 'job.yaml'])).stderr).toContain(
    'was made of this rows file, which has changed since,',
  );
  expect([job.ledger().length, jobCount(job)]).toEqual([1, 1]);
  expect((await job.salvor(['run', 'job.yaml', '--again'])).code).toBe(0);
});

test.concurrent('run of the rows of a cancelled job asks while the outcome of one is not known', async () => {
  await using job = await makeDead();
  expect((await job.salvor(['--choice', 'cancel'])).code).toBe(0);
  const ended = await job.salvor(['run', 'job.yaml', '--json']);
  expect(refusal(ended)).toEqual([7, 'JOB_UNFINISHED', 'cancelled']);
  expect(pick(parseAnswer(ended), 'error.details.commands.continue')).toBe(
    `salvor --choice review --job ${job.jobId()}`,
  );
  const settled = await job.salvor(['settle', 'Shipping', '--key', 'k2', '--as', 'skipped', '--reason', 'asked them']);
  expect(settled.code).toBe(0);
  const again = await job.salvor(['run', 'job.yaml']);
  expect([again.code, again.stderr]).toEqual([
    0,
    expect.stringMatching(/^Note: job b\w+ \(cancelled\) had these very/),
  ]);
});

test.concurrent('two jobs over one rows file both write their results back, whichever ends first', async () => {
  await using job = await makeLedgerJob({ rowCount: 2, more: 'write_back: {st: status, by: idempotency_key}' });
  const path = job.folder.at('rows.csv');
  job.act({ k2: 'pause' });
  await using first = job.start(['run', 'job.yaml']);
  await waitFor('row 2 of the first is in hand', () => !job.willAct('k2'));
  const second = await job.salvor(['run', 'job.yaml', '--again']);
  expect([second.code, second.stderr]).toEqual([
    0,
    expect.stringContaining('Results of the two go into the same file'),
  ]);
  const ofSecond = readFileSync(path, 'utf8');
  expect(ofSecond).toMatch(/^k2,.*,done,/m);
  job.go();
  expect((await first.ended).code).toBe(0);
  expect(readFileSync(path, 'utf8')).not.toBe(ofSecond);
  expect(readFileSync(path, 'utf8')).toMatch(/^k2,.*,done,/m);
  const [newest] = queryStore(job.state, 'SELECT id FROM jobs ORDER BY seq DESC');
  expect((await job.salvor(['write-back', String(newest?.['id'])])).code).toBe(0);
  expect(readFileSync(path, 'utf8')).toBe(ofSecond);
});
