// A training run in the real console: where it stopped, its checkpoints, its audit replay, and a resume by keys.
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openRealConsole } from '../helpers/real-console.ts';
import { copyTauFixture } from '../helpers/tau-directory.ts';

test('console: a training run that died is looked at and resumed from its fallback', async () => {
  using folder = copyTauFixture('crashed-fallback');
  using screen = openRealConsole(join(folder.path, '..', 'no-state'), { args: [folder.path] });
  await screen.ready('training');
  await screen.press('\r', 'was interrupted at step 800', 'fallback checkpoint of run run-77');
  await screen.press('2', '[2 checkpoints]', 'R refused', 'CHECKPOINT_INVALID at byte 150');
  await screen.press('4', 'The replay yields 2 actions: 1 pause, 1 resume.');
  await screen.press('r', 'step 800; Salvor cannot tell', 'more lines, Down to read on');
  await screen.press('\u001b[6~', 'y agrees to the plan');
  await screen.agree();
  await screen.ready('recorded as running; nothing was started', 'global step 800');
  expect(folder.readJson('recovery-report.json')).toMatchObject({ checkpoint_source: 'fallback' });
  expect(folder.rows()).toHaveLength(3);
});

test('console: a training run is paused, and rolled back to the checkpoint that is asked for', async () => {
  using folder = copyTauFixture('crashed-fallback');
  using screen = openRealConsole(join(folder.path, '..', 'no-state'), { args: [folder.path] });
  await screen.ready('training');
  await screen.press('\r', '[rollback]', 'p pause', 'b rollback');
  await screen.press('p', "Plan: pause 'training'", 'y agrees to the plan');
  await screen.agree();
  await screen.ready('Next: choose resume when training should go on.');
  expect(folder.readJson('control-state.json')).toMatchObject({ lifecycle_state: 'paused' });
  await screen.press('\r', '0 jobs need attention');
  await screen.press('a', 'training', 'paused');
  await screen.press(
    'b',
    "Plan: rollback 'training'",
    'Which checkpoint does training go back to?',
    'Answer the question',
  );
  await screen.press('f', 'policy-checkpoint.rollback.json', 'y agrees to the plan');
  await screen.agree();
  await screen.ready('Next: choose resume: training goes on from that checkpoint.');
  expect(folder.readJson('control-state.json')).toMatchObject({ lifecycle_state: 'rollback_requested' });
  expect(folder.rows()).toHaveLength(4);
});
