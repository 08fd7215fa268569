import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { alterStore } from '../helpers/state.ts';
import { makeTauFolder } from '../helpers/tau-directory.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** What a terminal acts on, and what turns text around. */
const HOSTILE = '\u001b]0;x\u0007\u009b31m\u202e\u2028\u{e0041}';

/** Keys collide with numbers, and rows hold what JSON and terminals can be broken with. */
async function makeJob() {
  const job = await makeLedgerJob({ rowCount: 0, more: 'on_error: continue\nname: Nasty' });
  const rows = [
    '{"id":"3","n":9007199254740993,"f":1.0}',
    `{"id":"2","text":${JSON.stringify(HOSTILE)}}`,
    '{"id":"1","__proto__":{"a":[null,""]}}',
  ];
  writeFileSync(job.folder.at('rows.jsonl'), `${rows.join('\n')}\n`);
  const lines = [
    'kind: batch',
    'name: Nasty',
    'rows: rows.jsonl',
    'key: id',
    'command: ./ship.sh',
    'on_error: continue',
  ];
  writeFileSync(job.folder.at('job.yaml'), `${lines.join('\n')}\nreceipt: {field: tracking_number, label: tracking}\n`);
  job.act({ 2: 'refuse' });
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
  return job;
}

test('units says every row with everything that is recorded of it', async () => {
  await using job = await makeJob();
  const ended = await job.salvor(['units', 'Nasty', '--json']);
  expect(ended.code, ended.stderr).toBe(0);
  const id = job.jobId();
  const common = { started_at: expect.stringMatching(ISO), finished_at: expect.stringMatching(ISO), attempts: 1 };
  expect(parseAnswer(ended)).toEqual({
    schema_version: 1,
    job: { id, name: 'Nasty', kind: 'batch', source: 'native' },
    total: 3,
    units: [
      {
        ...common,
        ...{
          number: 1,
          key: '3',
          path: 'rows/1',
          status: 'done',
          receipt: '1Z3',
          error: null,
          idempotency_key: `${id}:1:1`,
        },
        ...{ row: { id: '3', n: Number('9007199254740993'), f: 1 }, result: null },
      },
      {
        ...common,
        ...{ number: 2, key: '2', path: 'rows/2', status: 'failed', receipt: null, idempotency_key: `${id}:1:2` },
        ...{ row: { id: '2', text: HOSTILE }, result: null },
        error: { code: 'E-3001', message: 'the carrier refuses' },
      },
      {
        ...common,
        ...{
          number: 3,
          key: '1',
          path: 'rows/3',
          status: 'done',
          receipt: '1Z1',
          error: null,
          idempotency_key: `${id}:1:3`,
        },
        ...{ row: JSON.parse('{"id":"1","__proto__":{"a":[null,""]}}'), result: null },
      },
    ],
  });
  expect(ended.stdout).toContain('"n":9007199254740993,"f":1.0');
  expect(ended.stdout).not.toMatch(/[^\u0020-\u007e\n]/);
  const failed = parseAnswer(await job.salvor(['units', 'Nasty', '--status', 'failed', '--json']));
  expect([pick(failed, 'units.0.number'), pick(failed, 'total')]).toEqual([2, 1]);
  const two = parseAnswer(await job.salvor(['units', 'Nasty', '--status', 'failed', '--status', 'done', '--json']));
  expect(pick(two, 'total')).toBe(3);
  const none = parseAnswer(await job.salvor(['units', 'Nasty', '--status', 'skipped', '--json']));
  expect([none['units'], none['total']]).toEqual([[], 0]);
});

test('units --csv is exact for programs, and units alone has lines for people', async () => {
  await using job = await makeJob();
  alterStore(job.state, "UPDATE units SET receipt = '=1+1' WHERE number = 1");
  alterStore(job.state, 'UPDATE units SET error_message = \'=cmd, "x"\' WHERE number = 2');
  const csv = (await job.salvor(['units', 'Nasty', '--csv'])).stdout.split('\n');
  expect(csv[0]).toBe(
    'number,key,status,receipt,attempts,started_at,finished_at,error_code,error,idempotency_key,row,result',
  );
  expect(csv[1]).toMatch(
    /^1,3,done,=1\+1,1,\S+Z,\S+Z,,,b\w+:1:1,"\{""id"":""3"",""n"":9007199254740993,""f"":1\.0\}",$/,
  );
  expect(csv[2]).toMatch(/^2,2,failed,,1,\S+Z,\S+Z,E-3001,"'=cmd, ""x""",/);
  const lines = (await job.salvor(['units', 'Nasty', '--status', 'failed'])).stdout.split('\n');
  expect(lines[0]).toMatch(/^#2 +2 {2}failed {2}attempts 1 {2}.*E-3001: =cmd, "x"$/);
  expect(lines[1]).toBe(`1 of job 'Nasty' (${job.jobId()}).`);
});

test('units refuses a state nobody is in, two forms at once, and a job that has none', async () => {
  await using job = await makeJob();
  const wrong = await job.salvor(['units', 'Nasty', '--status', 'faild', '--json']);
  expect([wrong.code, pick(parseAnswer(wrong), 'error.details.allowed')]).toEqual([
    2,
    ['pending', 'in_doubt', 'done', 'failed', 'skipped', 'needs_review'],
  ]);
  expect((await job.salvor(['units', 'Nasty', '--csv', '--json'])).code).toBe(2);
  using tau = makeTauFolder({ 'control-state.json': '{}' });
  const none = await job.salvor(['units', 'training', tau.path, '--json']);
  expect([none.code, pick(parseAnswer(none), 'error.code')]).toEqual([4, 'UNITS_MISSING']);
});

test('units pages through more rows than it holds at a time, each once and in order', async () => {
  await using job = await makeJob();
  alterStore(
    job.state,
    `INSERT INTO units (job_seq, number, key, status) WITH RECURSIVE n(i) AS (SELECT 4 UNION ALL SELECT i + 1 FROM n WHERE i < 4000)
     SELECT 1, i, 'key ' || i, CASE WHEN i % 3 = 0 THEN 'skipped' ELSE 'pending' END FROM n`,
  );
  const numbers = async (...more: readonly string[]) =>
    (await job.salvor(['units', 'Nasty', '--csv', ...more])).stdout
      .trimEnd()
      .split('\n')
      .slice(1)
      .map((line) => Number(line.split(',')[0]));
  const all = Array.from({ length: 4000 }, (_, index) => index + 1);
  expect(await numbers()).toEqual(all);
  expect(await numbers('--status', 'skipped')).toEqual(all.filter((number) => number > 3 && number % 3 === 0));
});

test.concurrent('no answer and no note says a foreign text raw: a name, a path, a key', async () => {
  await using job = await makeLedgerJob({ rowCount: 1, name: '"a\\u202eb\\u2028c"' });
  const raw = /[^\u0020-\u007e\n\u2026]/;
  const ran = await job.salvor(['run', 'job.yaml', '--name', 'x\u202ey\u200bz']);
  expect([ran.code, ran.stdout + ran.stderr]).toEqual([0, expect.not.stringMatching(raw)]);
  for (const args of [
    ['run', 'job.yaml', '--json'],
    ['list', '--all', '--json'],
    ['units', 'a\u202eb\u2028c', '--json'],
  ]) {
    const ended = await job.salvor(args);
    expect([ended.code, ended.stdout]).toEqual([0, expect.not.stringMatching(raw)]);
    expect(JSON.stringify(parseAnswer(ended))).toContain('a\u202eb\u2028c');
  }
});

test('what a living runner has begun is in hand, and in doubt once it has died', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  job.act({ k2: 'pause' });
  await using running = job.start(['run', 'job.yaml']);
  await waitFor('row 2 is in hand', () => !job.willAct('k2'));
  const id = job.jobId();
  const [units, json, review, listed, doubtful] = await Promise.all([
    job.salvor(['units', id]),
    job.salvor(['units', id, '--json']),
    job.salvor(['--choice', 'review', '--job', id]),
    job.salvor(['list', '--verdict', 'running', '--json']),
    job.salvor(['list', '--verdict', 'in doubt', '--json']),
  ]);
  expect(units.stdout).toMatch(/#2 +k2 {2}in hand {2}/);
  expect(pick(parseAnswer(json), 'units.1.status')).toBe('in_doubt');
  expect(review).toMatchObject({
    code: 4,
    stdout: '',
    stderr: expect.stringContaining('no row waits for review; 1 is in hand of its runner'),
  });
  expect([pick(parseAnswer(listed), 'total'), pick(parseAnswer(doubtful), 'total')]).toEqual([1, 0]);
  running.signal('SIGKILL');
  await running.ended;
  expect((await job.salvor(['units', id])).stdout).toMatch(/#2 +k2 {2}in_doubt {2}/);
  expect((await job.salvor(['--choice', 'review', '--job', id])).stdout).toMatch(/: 1 to review\.\n[\s\S]*Settle them/);
  expect(pick(parseAnswer(await job.salvor(['list', '--verdict', 'in doubt', '--json'])), 'total')).toBe(1);
  expect((await job.salvor(['list'])).stdout).toContain('STOPPED');
});
