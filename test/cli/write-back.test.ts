import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { waitFor } from '../helpers/wait-for.ts';

const EVERYTHING =
  'write_back: {receipt: receipt, at: finished_at, state: status, error: error, code: error_code, tries: attempts, key2: idempotency_key}';
const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;

/** A job whose keys collide with the numbers of other rows. */
async function makeCollidingJob(more = EVERYTHING): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 5, more });
  writeFileSync(job.folder.at('rows.csv'), 'id,customer\n5,E\n4,D\n3,C\n2,B\n1,A\n');
  return job;
}

/** What the rows file says, by key; times are checked and said as `at`, the job's id as `job`. */
function readBack(job: LedgerJob): Readonly<Record<string, string>> {
  const [header, ...lines] = readFileSync(job.folder.at('rows.csv'), 'utf8').trimEnd().split('\n');
  expect(header).toBe('id,customer,receipt,at,state,error,code,tries,key2');
  return Object.fromEntries(
    lines.map((line) => {
      const [key = '', , receipt, at = '', ...rest] = line.split(',');
      if (at !== '') expect(at).toMatch(ISO);
      return [key, [receipt, at && 'at', ...rest].join(',').replace(job.jobId(), 'job')];
    }),
  );
}

describe('the rows file after a write-back', () => {
  test.concurrent('says of every row what is true now: after a failure, its resume, and a restart that fails', async () => {
    await using job = await makeCollidingJob();
    job.act({ 4: 'refuse' });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    const refused = 'the carrier refuses,E-3001';
    expect(readBack(job)).toEqual({
      5: '1Z5,at,done,,,1,job:1:1',
      4: `,at,failed,${refused},1,job:1:2`,
      3: ',,pending,,,0,job:1:3',
      2: ',,pending,,,0,job:1:4',
      1: ',,pending,,,0,job:1:5',
    });
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
    expect(readBack(job)).toEqual({
      5: '1Z5,at,done,,,1,job:1:1',
      4: '1Z4,at,done,,,2,job:1:2',
      3: '1Z3,at,done,,,1,job:1:3',
      2: '1Z2,at,done,,,1,job:1:4',
      1: '1Z1,at,done,,,1,job:1:5',
    });
  });

  test.concurrent('says nothing of the generation before, after a restart that fails early', async () => {
    await using job = await makeCollidingJob();
    job.act({ 3: 'refuse' });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
    expect(readBack(job)).toMatchObject({ 5: '1Z5,at,done,,,1,job:1:1', 4: '1Z4,at,done,,,1,job:1:2' });
    job.act({ 5: 'refuse' });
    expect((await job.salvor(['--choice', 'restart', '--yes'])).code).toBe(5);
    expect(readBack(job)).toEqual({
      5: ',at,failed,the carrier refuses,E-3001,1,job:2:1',
      4: ',,pending,,,0,job:2:2',
      3: ',,pending,,,0,job:2:3',
      2: ',,pending,,,0,job:2:4',
      1: ',,pending,,,0,job:2:5',
    });
  });

  test.concurrent('has the receipts of a run that was stopped', async () => {
    await using job = await makeCollidingJob();
    job.act({ 4: 'hold' });
    await using run = job.start(['run', 'job.yaml']);
    await waitFor('row 2 is in hand', () => !job.willAct('4'));
    run.signal('SIGTERM');
    await waitFor('it stops', () => run.said().stderr.includes('Stopping'));
    job.go();
    expect((await run.ended).code).toBe(143);
    expect(readBack(job)).toMatchObject({
      5: '1Z5,at,done,,,1,job:1:1',
      4: '1Z4,at,done,,,1,job:1:2',
      3: ',,pending,,,0,job:1:3',
    });
  });
});
