import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { readTables } from '../helpers/state.ts';

function keysOf(value: unknown): readonly string[] {
  return Object.keys(value as object);
}

describe('usage', () => {
  let job: LedgerJob;
  beforeAll(async () => {
    job = await makeLedgerJob({ rowCount: 4, name: 'Twice' });
    for (const again of [[], ['--again']]) {
      job.act({ k2: 'before' });
      expect((await job.salvor(['run', 'job.yaml', ...again])).signal).toBe('SIGKILL');
    }
  });
  afterAll(() => job[Symbol.asyncDispose]());

  const REFUSED: readonly (readonly [args: readonly string[], exit: number, code: string, named: string])[] = [
    [['--choise', 'resume'], 2, 'USAGE_INVALID', 'did you mean --choice?'],
    [['list', '--verdit', 'failed'], 2, 'USAGE_INVALID', 'did you mean --verdict?'],
    [['--choice', 'resum'], 2, 'USAGE_INVALID', 'did you mean resume?'],
    [['list', '--verdict', 'interupted'], 2, 'USAGE_INVALID', 'did you mean interrupted?'],
    [['list', '--verdict', 'runing'], 2, 'USAGE_INVALID', 'did you mean running?'],
    [['help', 'rnu'], 2, 'USAGE_INVALID', "there is no command 'rnu': did you mean run?"],
    [['list', '--choice', 'resume'], 2, 'USAGE_INVALID', '--choice does not go with salvor list'],
    [['list', '--limit', '-1'], 2, 'USAGE_INVALID', '--limit'],
    [['show'], 2, 'USAGE_INVALID', 'usage: salvor show JOB'],
    [['show', 'nothing'], 2, 'JOB_UNKNOWN', "no job is called 'nothing'"],
    [['show', 'Twice'], 2, 'JOB_AMBIGUOUS', "'Twice' may mean 2 jobs"],
    [['--choice', 'resume'], 2, 'JOB_AMBIGUOUS', 'name one with --job, or say --all'],
    [['--choice', 'cancel', '--job', 'b'], 2, 'JOB_AMBIGUOUS', "'b' may mean 2 jobs"],
    [['--choice', 'resume', '--all', '--job', 'x'], 2, 'USAGE_INVALID', '--job and --all do not go together'],
    [['--choice', 'cancel', '--job', 'Twice', '--grace', 'soon'], 2, 'JOB_AMBIGUOUS', 'Twice'],
    [['list', 'nowhere/at/all'], 2, 'TARGET_UNKNOWN', 'nowhere/at/all does not exist'],
    [['settle', 'x', '1', '--as', 'done'], 2, 'USAGE_INVALID', '--reason'],
    [['settle', 'x', '1', '--as', 'gone', '--reason', 'r'], 2, 'USAGE_INVALID', '--as gone'],
    [['settle', 'x', '1', '--as', 'done', '--reason', 'r'], 2, 'JOB_UNKNOWN', "no job is called 'x'"],
    [['run', 'nothing.yaml'], 2, 'JOB_FILE_INVALID', 'nothing.yaml'],
    [['run', 'job.yaml', '--param', 'x'], 2, 'USAGE_INVALID', '--param x is not of the form NAME=VALUE'],
    [['run', 'job.yaml', '--param', 'x=1', '--param', 'x=2'], 2, 'USAGE_INVALID', '--param x stands twice'],
    [['--choice', 'resume', '--choice', 'pause'], 2, 'USAGE_INVALID', "twice, with 'resume' and with 'pause'"],
    [['--choice=cancel', '--yes', '--yes', '--job', 'Twice'], 2, 'USAGE_INVALID', '--yes stands twice'],
    [['list', '--policy', ''], 2, 'USAGE_INVALID', '--policy is empty'],
    [['list', ''], 2, 'USAGE_INVALID', 'argument 1 of salvor list is empty'],
    [['list', '--principal', ' '], 2, 'USAGE_INVALID', '--principal is empty'],
    [['--choice', 'cancel', '--yes', '--job', ''], 2, 'USAGE_INVALID', '--job is empty'],
    [
      ['settle', '', '--all', '--as', 'pending', '--reason', 'r', '--yes'],
      2,
      'USAGE_INVALID',
      'argument 1 of salvor settle is empty',
    ],
    [['run', 'job.yaml', '--param', 'x=1'], 2, 'USAGE_INVALID', 'the parameter x is not known'],
    [[], 2, 'USAGE_INVALID', '--json goes with a command'],
  ];
  for (const [args, exit, code, named] of REFUSED) {
    test(`salvor ${args.join(' ')}: exit ${exit}, ${code}`, async () => {
      const ended = await job.salvor([...args, '--json']);
      const answer = parseAnswer(ended);
      expect({ exit: ended.code, code: pick(answer, 'error.code') }, ended.stdout).toEqual({ exit, code });
      expect(keysOf(answer)).toEqual(['error']);
      expect(keysOf(answer['error'])).toEqual(['code', 'message', 'hint', 'details']);
      expect(pick(answer, 'error.message')).toContain(named);
    });
  }

  test('salvor without a terminal: exit 2, and the scripted form to use', async () => {
    const { code, stdout, stderr } = await job.salvor([]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain('salvor --choice resume --job JOB');
  });

  test('an ambiguous name lists the candidates, and a prefix of an id is enough to tell them apart', async () => {
    const { stderr, stdout, code } = await job.salvor(['show', 'Twice']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 2 });
    const ids = readTables(job.state).jobs.map((row) => String(row['id']));
    for (const id of ids) expect(stderr).toContain(id);
    const shown = parseAnswer(await job.salvor(['show', ids[0]?.slice(0, 8) ?? '', '--json']));
    expect(pick(shown, 'job.id')).toBe(ids[0]);
  });

  test('without --json nothing but the answer is on standard output', async () => {
    const listed = await job.salvor(['list']);
    expect(listed.stderr).toBe('');
    const cancelled = await job.salvor(['--choice', 'cancel', '--all']);
    expect(cancelled.code).toBe(0);
    expect(cancelled.stdout.split('\n').filter((line) => line.startsWith('{'))).toEqual([]);
    expect(cancelled.stdout).toContain("Job 'Twice': cancelled.");
  });
});

test('--version and --help are exit 0 and touch nothing', async () => {
  await using job = await makeLedgerJob();
  for (const args of [['--version'], ['--help'], ['run', '--help'], ['list', '--help']]) {
    const ended = await runSalvor(args, { cwd: job.folder.path });
    expect({ code: ended.code, stderr: ended.stderr }).toEqual({ code: 0, stderr: '' });
  }
  expect(existsSync(job.state)).toBe(false);
});

test('salvor help is the help of all, and with a command that of the command', async () => {
  await using job = await makeLedgerJob();
  for (const [said, meant] of [
    [['help'], ['--help']],
    [
      ['help', 'run'],
      ['run', '--help'],
    ],
    [
      ['help', 'write-back'],
      ['write-back', '--help'],
    ],
  ] as const) {
    const [ended, same] = await Promise.all([said, meant].map((args) => runSalvor(args, { cwd: job.folder.path })));
    expect({ code: ended?.code, stderr: ended?.stderr, stdout: ended?.stdout }).toEqual({
      code: 0,
      stderr: '',
      stdout: same?.stdout,
    });
    expect(ended?.stdout).toContain(said[1] === undefined ? 'Exit codes:' : `salvor ${said[1]} `);
  }
});
