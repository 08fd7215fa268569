import { describe, expect, test } from 'vitest';
import { SCREENS, screenOf } from '../../../src/ui/state/console-state.ts';
import { assembleFrame } from '../../../src/ui/view/assemble-frame.ts';
import { frameText } from '../../helpers/frame-text.ts';
import { sampleScreen } from '../../helpers/sample-screens.ts';

const SIZES = [
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
] as const;

describe.each(SIZES)('assembleFrame at $columns x $rows', (size) => {
  test.each(SCREENS)('%s looks as in fixtures/console', async (screen) => {
    const state = sampleScreen(screen, size);
    expect(screenOf(state)).toBe(screen);
    await expect(`${frameText(state)}\n`).toMatchFileSnapshot(
      `../../../fixtures/console/${screen}-${size.columns}x${size.rows}.txt`,
    );
  });
});

const ALL_SIZES = [
  [20, 6],
  [40, 10],
  [80, 24],
  [120, 40],
  [200, 60],
  [300, 100],
  [1, 1],
] as const;

describe.each(ALL_SIZES)('assembleFrame at %i x %i', (columns, rows) => {
  test.each(SCREENS)('%s takes exactly the rows of the terminal', (screen) => {
    const { above, menu, below } = assembleFrame(sampleScreen(screen, { columns, rows }));
    expect(above.length + (menu?.rows ?? 0) + below.length).toBe(rows);
  });

  test.each(SCREENS)('%s with a long message takes exactly the rows of the terminal', (screen) => {
    const text = 'EVIDENCE_STALE: the job has changed since the plan was shown. '.repeat(20);
    const state = { ...sampleScreen(screen, { columns, rows }), notice: { tone: 'danger', text } } as const;
    const { above, menu, below } = assembleFrame(state);
    expect(above.length + (menu?.rows ?? 0) + below.length).toBe(rows);
  });
});
