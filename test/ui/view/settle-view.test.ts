import { expect, test } from 'vitest';
import { type BareOptions, openBareConsole } from '../../helpers/bare-console.ts';
import { sampleLooked } from '../../helpers/sample-evidence.ts';

const LOOKED = sampleLooked();
const ANSWERS = {
  inspect: () =>
    ({
      stage: 'diagnosed',
      ...LOOKED,
      proposals: { ...LOOKED.proposals, review: { type: 'review', unitCount: 2 } },
    }) as const,
  settle: () => undefined,
} as const satisfies BareOptions['answers'];

test('settle: at 40 x 10 it scrolls, and settles nothing before every line was shown', async () => {
  const term = openBareConsole({ columns: 40, rows: 10, answers: ANSWERS });
  expect(await term.press('v', 's')).toMatch(/-- lines 1 to 6 of \d+/u);
  expect(term.frame()).toContain('Down to read on, then d, p or x');
  expect(await term.press('d')).toContain('it was done: ');
  expect(term.model.store.snapshot().dialog).not.toHaveProperty('as');
  expect(await term.press('G', 'pagedown', 'pagedown')).toContain('x  skip it');
  expect(await term.press('k')).toContain('What is true about it?');
  expect(await term.press('x')).toContain('Enter settles it as skipped');
  term.model.close();
});

test.each([
  [40, 10],
  [40, 8],
  [80, 24],
])('settle: at %i x %i the end of what is typed is on the screen, receipt and reason alike', async (columns, rows) => {
  const term = openBareConsole({ columns, rows, answers: ANSWERS });
  await term.press('v', 's', 'pagedown', 'pagedown', 'pagedown', 'pagedown', 'd');
  expect(await term.press(...'1Z'.repeat(60), 'ctrl+u', ...'the receipt')).toContain('the receipt_');
  expect(await term.press('enter', ...'a long reason '.repeat(12), ...'to the end')).toContain('end_');
  expect(await term.press('up', 'down', 'pagedown')).toContain('end_');
  expect(term.frame().split('\n')).toHaveLength(rows);
  await term.press('enter');
  expect(term.session.commands.at(-1)).toMatchObject({ type: 'settle', as: 'done', receipt: expect.anything() });
  term.model.close();
});

test('progress: at 40 x 10 it begins at its top, wherever the plan was scrolled to', async () => {
  const term = openBareConsole({ columns: 40, rows: 10, answers: ANSWERS });
  await term.press('r', 'pagedown', 'pagedown', 'pagedown', 'pagedown');
  expect(term.model.store.snapshot().scroll).toBeGreaterThan(0);
  expect(await term.press('y')).toContain('47/200 rows');
  expect(term.model.store.snapshot().scroll).toBe(0);
  expect(await term.press('q', 'pagedown')).toContain('keep watching');
  term.model.close();
});
