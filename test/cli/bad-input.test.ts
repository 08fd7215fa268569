import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { type Ended, parseAnswer, pick } from '../helpers/salvor.ts';
import { readTables } from '../helpers/state.ts';

// Everything a terminal would obey or turn around; line ends are the output's own. Put together from codes, so that no
// such character is in this file.
const CONTROLS = '\\u0000-\\u0009\\u000b-\\u001f\\u007f-\\u009f\\u200b-\\u200f\\u202a-\\u202e\\u2060-\\u206f\\ufeff';
const HOSTILE = new RegExp(`[${CONTROLS}]`);

const HEADER = 'kind: batch\nrows: rows.csv\nkey: id\n';
const COMMAND = 'command: ./ship.sh\n';

/** Runs a job file that cannot be used: nothing is recorded and nothing is done. */
async function expectUnusable(
  job: LedgerJob,
  { code, names }: { readonly code: string; readonly names: readonly string[] },
): Promise<void> {
  const ended = await job.salvor(['run', 'job.yaml', '--json']);
  expect({ exit: ended.code, code: pick(parseAnswer(ended), 'error.code') }, ended.stdout).toEqual({ exit: 2, code });
  for (const name of names) expect(pick(parseAnswer(ended), 'error.message')).toContain(name);
  const inText = await job.salvor(['run', 'job.yaml']);
  expect(inText.code).toBe(2);
  expectHarmless(inText);
  expect(job.ledger()).toEqual([]);
  if (!existsSync(job.state)) return;
  const tables = readTables(job.state);
  expect({ jobs: tables.jobs, units: tables.units, data: tables.unit_data }).toEqual({ jobs: [], units: [], data: [] });
  expect(tables.audit).toEqual([]);
}

function expectHarmless({ stdout, stderr }: Ended): void {
  expect(stdout).not.toMatch(HOSTILE);
  expect(stderr).not.toMatch(HOSTILE);
}

describe('a job file that cannot be used', () => {
  test.concurrent.each([
    ['an unknown key', `${HEADER}${COMMAND}recipt: {field: x}\n`, ['job.yaml', 'recipt', 'line 5', 'receipt']],
    ['an unknown inner key', `${HEADER}${COMMAND}retry: {atempts: 3}\n`, ['retry.atempts', 'line 5', 'attempts']],
    ['a wrong value', `${HEADER}${COMMAND}on_error: stop\n`, ['on_error', 'line 5', 'halt or continue']],
    ['neither command nor worker', HEADER, ['neither command nor worker']],
    ['a key twice', `${HEADER}${COMMAND}key: id\n`, ['line 5']],
    ['no YAML', 'kind: [batch\n', ['line']],
    ['a kind that is not supported yet', 'kind: workflow\ncommands: []\n', ['workflow', 'not supported']],
    ['a name the command does not have', `${HEADER}command: ./ship.sh \${custmer}\n`, ['custmer', 'customer']],
  ])('%s', async (_what, text, names) => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    await job.folder.write('job.yaml', text);
    await expectUnusable(job, { code: 'JOB_FILE_INVALID', names });
  });

  test.concurrent('a command that is not there', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    await job.folder.write('job.yaml', `${HEADER}command: ./shipp.sh\n`);
    await expectUnusable(job, { code: 'COMMAND_MISSING', names: ['shipp.sh'] });
  });

  test.concurrent('a key that is no column of the rows', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    await job.folder.write('job.yaml', `kind: batch\nrows: rows.csv\nkey: number\n${COMMAND}`);
    await expectUnusable(job, { code: 'JOB_FILE_INVALID', names: ['rows.csv', 'number'] });
  });

  test.concurrent('bytes that are no UTF-8', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    await job.folder.write('job.yaml', Buffer.concat([Buffer.from(HEADER + COMMAND), Buffer.from([0x23, 0xff, 0x0a])]));
    await expectUnusable(job, { code: 'JOB_FILE_INVALID', names: ['job.yaml'] });
  });
});

describe('rows that cannot be used', () => {
  test.concurrent.each<[what: string, rows: string | Uint8Array, names: readonly string[]]>([
    ['a key twice', 'id,customer\nk1,Ada\nk2,Bob\nk1,Eve\n', ["'k1'", 'row 1', 'row 3']],
    ['a key that is empty', 'id,customer\nk1,Ada\n,Bob\n', ['row 2']],
    ['a ragged row', 'id,customer\nk1,Ada\nk2\n', ['rows.csv', '3']],
    ['a header name twice', 'id,id\nk1,Ada\n', ['id']],
    ['nothing', '', ['rows.csv']],
    ['bytes that are no UTF-8', Buffer.from([...Buffer.from('id,customer\nk1,A'), 0xff, 0x0a]), ['rows.csv', '16']],
  ])('%s', async (_what, rows, names) => {
    await using job = await makeLedgerJob();
    await job.folder.write('rows.csv', rows);
    await expectUnusable(job, { code: 'ROWS_INVALID', names });
  });

  test.concurrent('a key twice, far behind many rows that were recorded already', async () => {
    await using job = await makeLedgerJob();
    const rows = Array.from({ length: 3000 }, (_, index) => `k${index},Ada\n`).join('');
    await job.folder.write('rows.csv', `id,customer\n${rows}k7,Eve\n`);
    await expectUnusable(job, { code: 'ROWS_INVALID', names: ["'k7'", 'row 8', 'row 3001'] });
  });

  test.concurrent('a file that is not there', async () => {
    await using job = await makeLedgerJob();
    await job.folder.write('job.yaml', `kind: batch\nrows: nowhere.csv\n${COMMAND}`);
    await expectUnusable(job, { code: 'ROWS_INVALID', names: ['nowhere.csv'] });
  });
});

test.concurrent('a thousand columns are a thousand variables', async () => {
  await using job = await makeLedgerJob();
  const columns = Array.from({ length: 1000 }, (_, index) => `c${index}`);
  await job.folder.write('rows.csv', `id,${columns.join(',')}\nk1,${columns.map((name) => `v-${name}`).join(',')}\n`);
  await job.folder.write('count.sh', '#!/bin/sh\nprintf "%s %s\\n" "$(env | grep -c ^ROW_)" "$ROW_C999" > counted\n');
  await job.folder.write('job.yaml', `${HEADER}command: ./count.sh\n`);
  const ended = await job.salvor(['run', 'job.yaml']);
  expect(ended.code, ended.stderr).toBe(0);
  expect(readFileSync(job.folder.at('counted'), 'utf8')).toBe('1001 v-c999\n');
});

describe('hostile text', () => {
  const [ESC, BELL, BIDI] = ['\u001b', '\u0007', '\u202e'];
  /** Keys and cells as an attacker would write them. */
  const CELLS = [
    `${ESC}[2J${ESC}]0;owned${BELL}red`,
    `${BIDI}gpj.exe`,
    '$(touch owned)',
    '`touch owned`',
    "'; touch owned; '",
    '../../../etc/passwd',
    '-rf /',
    '${HOME}',
    '%s%n',
  ];

  test.concurrent('in keys and cells it is data: neither a command, nor a path, nor an order to the terminal', async () => {
    await using job = await makeLedgerJob({ verify: true });
    const rows = CELLS.map(
      (cell) => `${JSON.stringify(cell).replaceAll('\\u001b', ESC).replaceAll('\\u0007', BELL)},x\n`,
    );
    await job.folder.write('rows.csv', `id,customer\n${rows.join('')}`);
    await job.folder.write(
      'job.yaml',
      `${HEADER}command: ./echo.sh \${id} "\${id}" '\${id}'\nreceipt: {field: tracking_number}\non_error: continue\n`,
    );
    await job.folder.write(
      'echo.sh',
      '#!/bin/sh\n[ "$1" = "$ROW_ID" ] && [ "$2" = "$ROW_ID" ] && [ "$3" = "$ROW_ID" ] || exit 9\n' +
        'printf "%s\\n" "$ROW_ID" | tee -a seen\nprintf "%s\\n" "$ROW_ID" >&2\nexit 4\n',
    );
    const ended = await job.salvor(['run', 'job.yaml']);
    expect(ended.code, ended.stderr).toBe(5);
    expectHarmless(ended);
    const tables = readTables(job.state);
    expect(tables.units.map((unit) => unit['error_code'])).toEqual(CELLS.map(() => 'EXIT_4'));
    expect(existsSync(job.folder.at('owned'))).toBe(false);
    const id = job.jobId();
    for (const args of [
      ['list'],
      ['show', id],
      ['audit', id],
      ['--choice', 'resume', '--yes'],
      ['report', id],
      ['report', id, '--markdown'],
    ]) {
      const said = await job.salvor(args);
      expectHarmless(said);
      expect([0, 5], said.stderr).toContain(said.code);
    }
    const answer = parseAnswer(await job.salvor(['list', '--json']));
    expect(pick(answer, 'jobs.0.last_error.message')).toBe(CELLS.at(-1));
  });

  test.concurrent('in names of jobs, principals, reasons and arguments', async () => {
    await using job = await makeLedgerJob({ rowCount: 2 });
    job.act({ k1: 'before' });
    const name = `${ESC}[31m${BIDI}../../x${BELL}\n$(touch owned)`;
    await job.salvor(['run', 'job.yaml', '--name', name]);
    const id = job.jobId();
    const asks = [
      ['list'],
      ['show', id],
      ['show', name],
      ['show', `${name}?`],
      [`--${name}`],
      ['list', `nowhere/${name}`],
      ['settle', id, `${ESC}[2Jk9`, '--as', 'done', '--reason', name],
      ['settle', id, 'k1', '--as', 'done', '--receipt', name, '--reason', name, '--principal', name],
      ['--choice', 'review', '--job', id],
      ['--choice', 'resume', '--job', id, '--principal', name, '--reason', name],
      ['audit', id],
      ['report', id],
      ['run', `${name}.yaml`],
      ['doctor', '--policy', name],
    ];
    for (const args of asks) {
      const ended = await job.salvor(args);
      expectHarmless(ended);
      expect(ended.code, `${args[0]}: ${ended.stderr}`).not.toBe(1);
    }
    expect(existsSync(job.folder.at('owned'))).toBe(false);
  });

  test.concurrent('in what commands print while they are watched', async () => {
    await using job = await makeLedgerJob({ rowCount: 1 });
    await job.folder.write(
      'ship.sh',
      `#!/bin/sh\nprintf '%s\\n' '${ESC}]52;c;b3duZWQ=${BELL}' '${BIDI}' >&2\nprintf '{"tracking_number":"1Z${'\\\\u001b'}[2J"}\\n'\n`,
    );
    const ended = await job.salvor(['run', 'job.yaml']);
    expect(ended.code, ended.stderr).toBe(0);
    expectHarmless(ended);
    const shown = await job.salvor(['show', job.jobId()]);
    expectHarmless(shown);
    expect(shown.stdout).toContain('Row 1 (tracking: 1Z)');
  });

  test.concurrent('a NUL in a cell fails that row before anything is done', async () => {
    await using job = await makeLedgerJob();
    await job.folder.write('rows.jsonl', '{"id":"k1","customer":"a\\u0000b"}\n');
    await job.folder.write('job.yaml', `kind: batch\nrows: rows.jsonl\nkey: id\n${COMMAND}`);
    const ended = await job.salvor(['run', 'job.yaml', '--json']);
    expect(ended.code).toBe(5);
    expect(pick(parseAnswer(ended), 'last_error.code')).toBe('ROW_UNPASSABLE');
    expect(job.ledger()).toEqual([]);
  });
});
