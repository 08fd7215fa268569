/** What holds of every JSON answer: keys in snake_case, times in ISO-8601, no number where a time is meant. */
import { expect, test } from 'vitest';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { copyTauFixture } from '../helpers/tau-directory.ts';
import { waitFor } from '../helpers/wait-for.ts';

const ISO = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
/** What the operator gave, or their own program answered. */
const FOREIGN = new Set(['row', 'result']);

/** Places of an answer that are not in the form of the contract. */
function findOdd(value: unknown, path = ''): readonly string[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => findOdd(item, `${path}.${index}`));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, field]) => {
    const at = `${path}.${key}`;
    if (FOREIGN.has(key)) return [];
    const isOdd =
      !/^[a-z0-9]+(?:_[a-z0-9]+)*$/.test(key) ||
      /(?:^|_)at_ms$/.test(key) ||
      (/(?:^|_)at$/.test(key) && field !== null && !ISO.test(String(field)));
    return isOdd ? [at] : findOdd(field, at);
  });
}

test('every command about a job answers in the form of the contract, questions about orphans too', async () => {
  await using job = await makeLedgerJob({ keys: ['3', '2', '1'] });
  job.act({ '3': 'refuse', '2': 'hold' });
  const running = job.start(['run', 'job.yaml', '--json']);
  expect((await running.ended).code).toBe(5);
  const resuming = job.start(['--choice', 'resume']);
  await waitFor('row 2 has its receipt and works on', () => job.events('receipt').length === 2);
  resuming.signal('SIGKILL');
  await resuming.ended;
  const id = job.jobId();
  for (const args of [
    ['list'],
    ['show', id],
    ['units', id],
    ['audit', id],
    ['report', id],
    ['doctor'],
    ['--choice', 'review', '--job', id],
    ['--choice', 'resume', '--dry-run'],
    ['--choice', 'resume'],
    ['repair', id],
    ['write-back', id],
    ['settle', id, '#99', '--as', 'done', '--reason', 'x'],
  ]) {
    const answer = parseAnswer(await job.salvor([...args, '--json']));
    expect({ args, odd: findOdd(answer) }).toEqual({ args, odd: [] });
  }
  const asked = parseAnswer(await job.salvor(['--choice', 'resume', '--dry-run', '--json']));
  const orphan = { pid: expect.any(Number), pid_start_ticks: expect.any(Number), unit_number: 2 };
  expect(pick(asked, 'plan.questions.0.orphans.0')).toMatchObject(orphan);
  const shown = parseAnswer(await job.salvor(['show', id, '--json']));
  expect(pick(shown, 'plans.resume.questions')).toEqual(pick(asked, 'plan.questions'));
  job.go();
  const resumed = parseAnswer(await job.salvor(['--choice', 'resume', '--orphans', 'wait', '--json']));
  expect(findOdd(resumed)).toEqual([]);
  const settled = parseAnswer(
    await job.salvor(['settle', id, '--key', '2', '--as', 'done', '--reason', 'x', '--json']),
  );
  expect(findOdd(settled)).toEqual([]);
});

test('so do those about a Tau directory, with the end of its trainer and what is missing', async () => {
  using folder = copyTauFixture('crashed-primary');
  const ask = (...args: readonly string[]) => runSalvor([...args, '--json'], { env: folder.env });
  await ask('--choice', 'resume', folder.path, '--exec', 'exit 7');
  for (const args of [
    ['list', folder.path],
    ['show', folder.path],
    ['audit', folder.path],
    ['report', folder.path],
    ['--choice', 'resume', folder.path, '--dry-run'],
    ['checkpoint', 'inspect', folder.path],
  ]) {
    const answer = parseAnswer(await ask(...args));
    expect({ args, odd: findOdd(answer) }).toEqual({ args, odd: [] });
  }
  const shown = parseAnswer(await ask('show', folder.path));
  expect(pick(shown, 'evidence.own.trainer_end')).toMatchObject({
    at: expect.stringMatching(ISO),
    exit_code: 7,
    signal: null,
  });
  expect(pick(shown, 'evidence.regression')).toBeNull();
});
