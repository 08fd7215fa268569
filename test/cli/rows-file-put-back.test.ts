import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { type Ended, parseAnswer, pick } from '../helpers/salvor.ts';
import { waitFor } from '../helpers/wait-for.ts';

const KEYS = ['5', '4', '3', '2', '1'];
const MORE = 'write_back: {tracking: receipt, state: status, customer: error_code, tries: attempts}';

/** A job whose third row is refused, its file as it was before (`original`) and as the halt left it (`halted`). */
async function makeHalted(): Promise<{
  job: LedgerJob;
  rows: () => string;
  put: (text: string) => void;
  original: string;
  halted: string;
}> {
  const job = await makeLedgerJob({ keys: KEYS, more: MORE });
  const rows = () => readFileSync(job.folder.at('rows.csv'), 'utf8');
  const put = (text: string) => writeFileSync(job.folder.at('rows.csv'), text);
  // A column that is there already, quoted, and blank lines: whatever the file had must survive both ways.
  put(`id,customer,state\r\n5,"E, Inc",new\r\n\r\n4,D,"new"\r\n3,C,\r\n2,"B",new\r\n1,A,new`);
  const original = rows();
  job.act({ 3: 'refuse' });
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
  expect(job.ledger()).toHaveLength(2);
  return { job, rows, put, original, halted: rows() };
}

function refusal(ended: Ended): unknown {
  return [ended.code, pick(parseAnswer(ended), 'error.code')];
}

test.concurrent.each([[[]], [['--detach']]])(
  'run is asked about when the file is there again as it was before an unfinished job wrote into it (%j)',
  async (more) => {
    const { job, put, original, halted } = await makeHalted();
    await using _ = job;
    expect(original).not.toBe(halted);
    put(original);
    expect(refusal(await job.salvor(['run', 'job.yaml', '--json', ...more]))).toEqual([7, 'JOB_UNFINISHED']);
    // A later write-back makes the copy of the day before another one again.
    job.act({ 2: 'refuse' });
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(5);
    for (const copy of [halted, original]) {
      put(copy);
      expect(refusal(await job.salvor(['run', 'job.yaml', '--json', ...more]))).toEqual([7, 'JOB_UNFINISHED']);
    }
    expect(job.ledger()).toHaveLength(3);
  },
);

test.concurrent('run is asked about when the file is put back after a stop, and after rows went under review', async () => {
  await using stopped = await makeLedgerJob({ keys: KEYS, more: MORE });
  const original = readFileSync(stopped.folder.at('rows.csv'), 'utf8');
  stopped.act({ 4: 'hold' });
  await using run = stopped.start(['run', 'job.yaml']);
  await waitFor('row 2 is in hand', () => !stopped.willAct('4'));
  run.signal('SIGTERM');
  await waitFor('it stops', () => run.said().stderr.includes('Stopping'));
  stopped.go();
  expect((await run.ended).code).toBe(143);
  writeFileSync(stopped.folder.at('rows.csv'), original);
  expect(refusal(await stopped.salvor(['run', 'job.yaml', '--json']))).toEqual([7, 'JOB_UNFINISHED']);
  stopped.act({ 3: 'before' });
  expect((await stopped.salvor(['--choice', 'resume'])).signal).toBe('SIGKILL');
  expect((await stopped.salvor(['--choice', 'resume'])).code).toBe(8);
  writeFileSync(stopped.folder.at('rows.csv'), original);
  expect(refusal(await stopped.salvor(['run', 'job.yaml', '--json']))).toEqual([7, 'JOB_UNFINISHED']);
  expect(stopped.ledger()).toHaveLength(4);
});

test.concurrent('run says that an ended job had these very rows when its file is put back, and that one of another name has', async () => {
  const { job, put, original } = await makeHalted();
  await using _ = job;
  put(original);
  const id = job.jobId();
  const other = await job.salvor(['run', 'job.yaml', '--name', 'Other']);
  expect([other.code, other.stderr]).toEqual([0, expect.stringContaining(`job ${id} 'Shipping' has these very rows`)]);
  put(original);
  const again = await job.salvor(['run', 'job.yaml', '--name', 'Other']);
  expect([again.code, again.stderr]).toEqual([0, expect.stringMatching(/^Note: job b\w+ \(completed\) had these/)]);
});

test.concurrent('write-back on a copy of any earlier time gives the file that it gives on the newest', async () => {
  const { job, rows, put, original, halted } = await makeHalted();
  await using _ = job;
  put(original);
  expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
  expect(rows()).toBe(halted);
  job.act({ 2: 'refuse' });
  expect((await job.salvor(['--choice', 'resume'])).code).toBe(5);
  for (const copy of [halted, original]) {
    const later = rows();
    put(copy);
    const [listed] = [parseAnswer(await job.salvor(['list', '--json']))];
    expect(pick(listed, 'jobs.0.recommended')).toBe('resume');
    expect((await job.salvor(['settle', 'Shipping', '--key', '2', '--as', 'pending', '--reason', 'x'])).stderr).toBe(
      '',
    );
    put(copy);
    expect((await job.salvor(['--choice', 'resume', '--dry-run'])).code).toBe(0);
    expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
    expect(rows()).toBe(later.replace(/^(2,.*),failed,/m, '$1,pending,'));
    job.act({ 2: 'refuse' });
    put(copy);
    expect((await job.salvor(['--choice', 'resume'])).code).toBe(5);
  }
  put(original);
  expect((await job.salvor(['--choice', 'resume'])).code).toBe(0);
  expect(job.ledger().map((line) => line.split(' ')[0])).toEqual(KEYS);
  const done = rows();
  expect(done).toMatch(/\r\n1,A,done,1Z1,1$/);
  put(original);
  expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
  expect(rows()).toBe(done);
});

test.concurrent("a file that never was the job's is refused all the same, before and after a copy was put back", async () => {
  const { job, put, original, rows } = await makeHalted();
  await using _ = job;
  for (const foreign of [original.replace('5,', '6,'), `${original}\r\n0,Z,new`, original.replaceAll('\r', '')]) {
    put(foreign);
    expect(refusal(await job.salvor(['write-back', 'Shipping', '--json']))).toEqual([3, 'ROWS_FILE_CHANGED']);
    expect(refusal(await job.salvor(['--choice', 'resume', '--json']))).toEqual([3, 'ROWS_FILE_CHANGED']);
    expect(rows()).toBe(foreign);
    put(original);
    expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
  }
});
