import { existsSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-folder.ts';
import { type Ended, parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';

/** Everything that looks for jobs, by its words. */
const LOOKING: readonly (readonly string[])[] = [
  ['list'],
  ['show', 'x'],
  ['audit', 'x'],
  ['report', 'x'],
  ['settle', 'x', '1', '--as', 'done', '--reason', 'seen'],
  ['--choice', 'resume'],
  ['--choice', 'cancel', '--all'],
];

const told = (ended: Ended) => {
  const answer = parseAnswer(ended);
  return [ended.code, pick(answer, 'error.code'), pick(answer, 'error.details')];
};

describe('a state directory that was named and is not there', () => {
  test.concurrent.each(LOOKING)('is no empty one: %s %s', async (...args) => {
    await using folder = await makeFolder();
    const path = folder.at('stat');
    const ended = await runSalvor([...args, '--state', path, '--json']);
    expect(told(ended)).toEqual([2, 'TARGET_UNKNOWN', { target: path, named_by: '--state' }]);
    expect(existsSync(path)).toBe(false);
  });

  test('is told with what named it', async () => {
    await using folder = await makeFolder();
    const path = folder.at('stat');
    const config = folder.at('salvor.yaml');
    writeFileSync(config, `state: ${path}\n`);
    expect(told(await runSalvor(['list', '--json'], { env: { SALVOR_STATE: path } }))).toEqual([
      2,
      'TARGET_UNKNOWN',
      { target: path, named_by: 'SALVOR_STATE' },
    ]);
    const { code, stdout, stderr } = await runSalvor(['list', '--config', config]);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toContain(`the state directory ${path}, named by the configuration ${config}, does not exist`);
    expect((await runSalvor(['list', path])).code).toBe(2);
  });

  test('is empty when it is an empty directory, where the first run makes the store', async () => {
    await using folder = await makeFolder();
    const { code, stdout } = await runSalvor(['list', '--state', folder.path]);
    expect([code, stdout]).toEqual([0, 'No jobs.\n']);
  });
});

test('the default state directory that is not there is an empty list that says so', async () => {
  await using folder = await makeFolder();
  const env = { XDG_STATE_HOME: folder.path, SALVOR_STATE: '' };
  const { code, stdout, stderr } = await runSalvor(['list'], { cwd: folder.path, env });
  expect([code, stdout]).toEqual([0, 'No jobs.\n']);
  expect(stderr).toBe(`no jobs yet in ${folder.at('salvor')}: it is not there\n`);
});
