import { expect, test, vi } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { type BareOptions, openBareConsole } from '../../helpers/bare-console.ts';
import { sampleReported } from '../../helpers/sample-answers.ts';
import { sampleLooked } from '../../helpers/sample-evidence.ts';

const LOOKED = sampleLooked();
const DOUBTFUL = { ...LOOKED, proposals: { ...LOOKED.proposals, review: { type: 'review', unitCount: 2 } } } as const;
const ANSWERS = {
  inspect: () => ({ stage: 'diagnosed', ...DOUBTFUL }),
  settle: () => ({
    stage: 'diagnosed',
    ...DOUBTFUL,
    settled: [{ number: 48, key: 'A48', was: 'in_doubt', now: 'pending' }],
  }),
} as const satisfies BareOptions['answers'];
const SETTLE = ['s', 'p', 's', 'e', 'e', 'n', 'enter'];

test('lastWords: rows that were settled are counted, once for a job however often it was opened', async () => {
  let number = 47;
  const settle = () => {
    number += 1;
    return {
      stage: 'diagnosed',
      ...DOUBTFUL,
      settled: [{ number, key: 'A', was: 'in_doubt', now: 'pending' }],
    } as const;
  };
  const { model, press, exits } = openBareConsole({ answers: { ...ANSWERS, settle } });
  await press('v', ...SETTLE, ...SETTLE, 'q', 'q', 'v', ...SETTLE, 'q', 'q', 'q');
  expect(exits).toEqual([0]);
  expect(model.lastWords()).toBe("Job 'California Orders': 3 rows settled.");
  model.close();
});

test('lastWords: a settle that is under way is waited for, and told though its job was closed', async () => {
  const gate = Promise.withResolvers<void>();
  let isSettled = false;
  const term = openBareConsole({
    answers: { ...ANSWERS, settle: () => undefined },
    held: () => (isSettled ? gate.promise : Promise.resolve()),
  });
  await term.press('v', ...SETTLE.slice(0, -1));
  isSettled = true;
  await term.press('enter', 'q', 'q', 'q');
  expect(term.exits).toEqual([]);
  term.session.become(ANSWERS.settle());
  gate.resolve();
  await term.press();
  expect(term.exits).toEqual([0]);
  expect(term.model.lastWords()).toBe("Job 'California Orders': 1 row settled.");
  term.model.close();
});

test('lastWords: a settle that is refused after its job was closed is told on the list, and is no deed', async () => {
  const term = openBareConsole({
    answers: { ...ANSWERS, settle: () => ({ stage: 'refused', error: new RecoveryError('RUNNER_ALIVE', 'held') }) },
  });
  await term.press('v', ...SETTLE.slice(0, -1));
  for (const key of ['enter', 'q', 'q']) term.model.press(key);
  expect(await term.press()).toContain('RUNNER_ALIVE: held');
  expect(term.model.lastWords()).toBe('Nothing was changed.');
  term.model.close();
});

test('lastWords: a settle and a recovery are both told, in the order they were done', async () => {
  const term = openBareConsole({ answers: ANSWERS });
  await term.press('v', ...SETTLE, 'q', 'r');
  await vi.waitFor(() => expect(term.model.accepts('y')).toBe(true));
  await term.press('y');
  term.session.become(sampleReported());
  await term.press();
  expect(term.model.lastWords().split('\n').slice(0, 2)).toEqual([
    "Job 'California Orders': 1 row settled.",
    "Job 'California Orders': recovered to the end. 153 rows done now, 200/200 in all.",
  ]);
  term.model.close();
});

test('lastWords: a recovery that broke off, and one that is left at once, are told', async () => {
  const broken = openBareConsole({ answers: ANSWERS });
  await broken.press('r', 'y');
  broken.session.become({ stage: 'refused', error: new RecoveryError('RUN_FAILED', 'gone') });
  expect(broken.model.lastWords()).toBe("Job 'California Orders': resume ended with RUN_FAILED; look at it again.");
  broken.model.close();
  const left = openBareConsole({ answers: ANSWERS });
  await left.press('r', 'y');
  left.model.leave(129);
  expect(left.model.lastWords()).toBe('California Orders: goes on in the background.');
  left.model.close();
});
