import { expect, test } from 'vitest';
import type { SessionState } from '../../../src/core/session/schema.ts';
import { type BareOptions, openBareConsole } from '../../helpers/bare-console.ts';
import { makeFakeReader } from '../../helpers/fake-reader.ts';
import { sampleLooked, sampleReport, sampleSummary } from '../../helpers/sample-evidence.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const LOOKED = sampleLooked();
const { evidence } = LOOKED;

/** A job whose resume is refused with a code, in words that differ at each look. */
function refusing(code: 'RUNNER_ALIVE' | 'JOB_FINISHED', look: number): SessionState {
  const message = `runner 4711 on build-host.example.org holds the job since ${look} s`;
  return {
    stage: 'diagnosed',
    ...LOOKED,
    evidence: { ...evidence, collectedAtMs: evidence.collectedAtMs + look },
    proposals: {
      ...LOOKED.proposals,
      resume: { type: 'refused', refusal: { choice: 'resume', code, message, details: {} } },
      review: { type: 'review', unitCount: 1 },
    },
  };
}

const ALIVE = { inspect: () => refusing('RUNNER_ALIVE', 0) } as const satisfies BareOptions['answers'];

test.each([
  [80, 24],
  [60, 16],
])('units at %i x %i: a refusal is whole, and goes when the run has ended', async (columns, rows) => {
  const term = openBareConsole({ columns, rows, answers: ALIVE });
  await term.press('enter', '2', 'r');
  expect(term.frame().replaceAll(/\s+/gu, ' ')).toMatch(
    /RUNNER_ALIVE\)\. Wait for it, or stop it with s; X abandons the job\./u,
  );
  expect(term.frame()).toContain('> ');
  term.session.become(refusing('RUNNER_ALIVE', 2));
  expect(await term.press()).toContain('RUNNER_ALIVE');
  term.session.become(refusing('JOB_FINISHED', 3));
  expect(await term.press()).not.toContain('RUNNER_ALIVE');
  term.model.close();
});

test('units: a refusal goes with the next key, a move too', async () => {
  const term = openBareConsole({ answers: ALIVE });
  expect(await term.press('enter', '2', 'r')).toContain('RUNNER_ALIVE');
  expect(await term.press('down')).not.toContain('RUNNER_ALIVE');
  term.model.close();
});

test.each([
  [[], 'y', 'y does nothing here; ? for help.'],
  [['enter'], 'y', 'y does nothing here; ? for help.'],
  [['v', 's'], 'tab', 'Tab does nothing here; ? for help.'],
  [['v', 's'], 'r', 'r does nothing here; ? for help.'],
  [['v', 's', 'd'], 'tab', 'Tab does nothing here; Esc goes back.'],
  [['v'], 'v', 'v does nothing here; ? for help.'],
  [['?'], 'y', 'y does nothing here; q closes help.'],
] as const)('after %j: %s has no meaning, says so, and nothing else happens', async (way, key, words) => {
  const term = openBareConsole({ answers: { inspect: () => refusing('JOB_FINISHED', 0) } });
  await term.press(...way);
  const before = term.model.store.snapshot();
  expect(await term.press(key)).toContain(words);
  expect({ ...term.model.store.snapshot(), notice: undefined }).toEqual({ ...before, notice: undefined });
  term.model.close();
});

test('checkpoints: the view of a training job has its own title and says what its keys do', async () => {
  const looked = sampleLooked({ evidence: { ...evidence, checkpoints: [] } });
  const term = openBareConsole({ answers: { inspect: () => ({ stage: 'diagnosed', ...looked }) } });
  expect(await term.press('enter', '3', '2')).toContain('California Orders - Checkpoints');
  expect(await term.press('z')).toContain('z does nothing here');
  term.model.close();
});

test.each([
  ['the job was interrupted', { verdict: 'interrupted' }],
  ['it is not on the list any more', undefined],
] as const)('jobs: that a runner was asked to stop and still runs goes when %s', async (_what, then) => {
  const reader = makeFakeReader({ jobs: [sampleSummary({ verdict: 'stalled' })] });
  const term = openBareConsole({ reader, answers: ALIVE });
  const report = sampleReport({ choice: 'stop' });
  const outcome = { ...report.outcome, status: 'failed', exit_code: 6 } as const;
  await term.press('enter');
  term.session.become({ stage: 'reported', report: { ...report, outcome }, reportPath: undefined, steps: [] });
  expect(await term.press('q')).toContain('and still runs');
  reader.state.jobs = then ? [sampleSummary(then)] : [];
  reader.changed();
  await waitFor('the list was read again', () => !term.frame().includes('stalled'));
  expect(await term.press()).not.toContain('and still runs');
  term.model.close();
});
