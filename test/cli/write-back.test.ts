import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { dieAt } from '../helpers/crash-matrix.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { readTables } from '../helpers/state.ts';
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

const SHORT = 'write_back: {receipt: receipt, state: status}';

/** A job that died in row 2: row 1 is shipped, row 2 in doubt. */
async function makeDead(more = SHORT): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 3, more });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

/** The last two columns of the rows, by key. */
function readShort(job: LedgerJob): Readonly<Record<string, string>> {
  const lines = readFileSync(job.folder.at('rows.csv'), 'utf8').trimEnd().split('\n').slice(1);
  return Object.fromEntries(lines.map((line) => [line.split(',')[0], line.split(',').slice(2).join(',')]));
}

const settleAsDone = ['--as', 'done', '--receipt', 'R2', '--reason', 'seen at the carrier'];

describe('salvor write-back', () => {
  test.concurrent('writes what is true of a job whose runner died, once, and is audited', async () => {
    await using job = await makeDead();
    const written = await job.salvor(['write-back', 'Shipping', '--json']);
    expect(written.code, written.stdout).toBe(0);
    const { id, path, sha256 } = { id: job.jobId(), ...pickWritten(parseAnswer(written)) };
    expect(parseAnswer(written)).toEqual({
      schema_version: 1,
      job: { id, name: 'Shipping', kind: 'batch', source: 'native' },
      path: job.folder.at('rows.csv'),
      sha256,
      changed: true,
    });
    expect(path).toBe(job.folder.at('rows.csv'));
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: ',in_doubt', k3: ',pending' });
    const again = await job.salvor(['write-back', id]);
    expect([again.code, again.stdout]).toEqual([0, `${path} said what is true already of job 'Shipping'.\n`]);
    const audit = readTables(job.state).audit.map((entry) => [entry['action'], entry['outcome'], entry['details']]);
    expect(audit.slice(1)).toEqual([
      ['write_back', 'done', JSON.stringify({ changed: true, sha256 })],
      ['write_back', 'done', JSON.stringify({ changed: false, sha256 })],
    ]);
    expect((await job.salvor(['audit', id])).code).toBe(0);
  });

  test.concurrent('is refused while a runner lives, which is recorded, and leaves the file alone', async () => {
    await using job = await makeLedgerJob({ rowCount: 3, more: SHORT });
    const before = readFileSync(job.folder.at('rows.csv'), 'utf8');
    job.act({ k2: 'pause' });
    await using run = job.start(['run', 'job.yaml']);
    await waitFor('row 2 is in hand', () => !job.willAct('k2'));
    const refused = await job.salvor(['write-back', 'Shipping', '--json']);
    expect([refused.code, pick(parseAnswer(refused), 'error.code')]).toEqual([6, 'RUNNER_ALIVE']);
    expect(readFileSync(job.folder.at('rows.csv'), 'utf8')).toBe(before);
    expect(readTables(job.state).audit.at(-1)).toMatchObject({
      action: 'write_back',
      outcome: 'refused',
      code: 'RUNNER_ALIVE',
    });
    job.go();
    expect((await run.ended).code).toBe(0);
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: '1Zk2,done', k3: '1Zk3,done' });
  });

  test.concurrent('is refused where nothing is written back, read-only, and for a file that is another one', async () => {
    await using plain = await makeDead('');
    const code = async (job: LedgerJob, ...more: readonly string[]) => {
      const ended = await job.salvor(['write-back', 'Shipping', '--json', ...more]);
      return [ended.code, pick(parseAnswer(ended), 'error.code')];
    };
    expect(await code(plain)).toEqual([4, 'WRITE_BACK_EMPTY']);
    await using job = await makeDead();
    expect(await code(job, '--read-only')).toEqual([3, 'READ_ONLY']);
    writeFileSync(job.folder.at('rows.csv'), 'id,customer\nother,x\n');
    expect(await code(job)).toEqual([3, 'ROWS_FILE_CHANGED']);
    expect(readFileSync(job.folder.at('rows.csv'), 'utf8')).toBe('id,customer\nother,x\n');
    rmSync(job.folder.at('rows.csv'));
    expect(await code(job)).toEqual([3, 'ROWS_FILE_MISSING']);
  });

  test.concurrent('ends a job well whose rows file alone was in the way', async () => {
    await using job = await makeLedgerJob({ rowCount: 2, more: SHORT });
    const original = readFileSync(job.folder.at('rows.csv'), 'utf8');
    job.act({ k2: 'pause' });
    await using run = job.start(['run', 'job.yaml']);
    await waitFor('row 2 is in hand', () => !job.willAct('k2'));
    writeFileSync(job.folder.at('rows.csv'), 'changed\n');
    job.go();
    expect((await run.ended).code).toBe(5);
    writeFileSync(job.folder.at('rows.csv'), original);
    expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: '1Zk2,done' });
    expect(pick(parseAnswer(await job.salvor(['list', '--all', '--json'])), 'jobs.0.verdict')).toBe('finished');
  });

  test.concurrent('leaves a file that every later one explains, wherever two runs die', async () => {
    await using job = await makeLedgerJob({ rowCount: 3, more: SHORT });
    job.act({ k3: 'refuse' });
    await dieAt(job, { point: 'after-rename' }, 'job.yaml');
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: '1Zk2,done', k3: ',failed' });
    await dieAt(job, { point: 'before-rename' }, job.jobId());
    const ended = await job.salvor(['--choice', 'resume']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: '1Zk2,done', k3: '1Zk3,done' });
  });

  test.concurrent('ends with what is true, however many write at once', async () => {
    await using job = await makeDead();
    const writers = Array.from({ length: 4 }, () => job.salvor(['write-back', 'Shipping']));
    const settled = job.salvor(['settle', 'Shipping', 'k2', ...settleAsDone]);
    for (const ended of await Promise.all([...writers, settled])) expect(ended.code, ended.stderr).toBe(0);
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: 'R2,done', k3: ',pending' });
    expect(readTables(job.state).jobs[0]).toMatchObject({ rows_sha256_expected: null });
    expect(readdirSync(job.folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });
});

function pickWritten(answer: unknown): { readonly path: string; readonly sha256: string } {
  return { path: String(pick(answer, 'path')), sha256: String(pick(answer, 'sha256')) };
}

describe('the rows file says what a person decided', () => {
  test.concurrent('after a row was settled', async () => {
    await using job = await makeDead();
    expect((await job.salvor(['settle', 'Shipping', 'k2', ...settleAsDone])).code).toBe(0);
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: 'R2,done', k3: ',pending' });
  });

  test.concurrent('after the job was cancelled, with every receipt there is', async () => {
    await using job = await makeDead();
    expect((await job.salvor(['--choice', 'cancel', '--yes'])).code).toBe(0);
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: ',in_doubt', k3: ',pending' });
  });

  test.concurrent('or it is said that it does not: what was settled or cancelled stands', async () => {
    await using job = await makeDead();
    const original = readFileSync(job.folder.at('rows.csv'), 'utf8');
    writeFileSync(job.folder.at('rows.csv'), 'id,customer\nother,x\n');
    const again = `salvor write-back ${job.jobId()}`;
    const settled = await job.salvor(['settle', 'Shipping', 'k2', ...settleAsDone]);
    expect([settled.code, settled.stderr]).toEqual([0, expect.stringMatching(`^ROWS_FILE_CHANGED: .*${again}`)]);
    const cancelled = await job.salvor(['--choice', 'cancel', '--yes', '--json']);
    expect([cancelled.code, cancelled.stderr]).toEqual([0, expect.stringMatching(`\nROWS_FILE_CHANGED: .*${again}`)]);
    const { diagnostics } = parseAnswer(cancelled);
    expect(diagnostics).toContainEqual(expect.stringMatching(`^ROWS_FILE_CHANGED: .*${again}`));
    expect(readTables(job.state).jobs[0]).toMatchObject({ status: 'cancelled' });
    writeFileSync(job.folder.at('rows.csv'), original);
    expect((await job.salvor(['write-back', 'Shipping'])).code).toBe(0);
    expect(readShort(job)).toEqual({ k1: '1Zk1,done', k2: 'R2,done', k3: ',pending' });
  });
});
