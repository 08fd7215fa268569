// Every screen as Ink draws it: the rows are those of the pure frame, letter for letter.
import { render } from 'ink-testing-library';
import { describe, expect, test } from 'vitest';
import { App } from '../../src/ui/app.tsx';
import { type ConsoleState, SCREENS } from '../../src/ui/state/console-state.ts';
import type { Console } from '../../src/ui/state/make-console.ts';
import { makeStore } from '../../src/ui/state/store.ts';
import { sampleScreen } from '../helpers/sample-screens.ts';

/** A console that stands still. */
function stillConsole(state: ConsoleState): Console {
  const nothing = () => undefined;
  return {
    store: makeStore(state),
    press: nothing,
    paste: nothing,
    chooseFromMenu: nothing,
    accepts: () => true,
    arrives: nothing,
    resize: nothing,
    start: nothing,
    end: nothing,
    leave: nothing,
    close: nothing,
    lastWords: () => '',
  };
}

describe.each([
  { columns: 80, rows: 24 },
  { columns: 120, rows: 40 },
])('the screens through Ink at $columns x $rows', (size) => {
  test.each(SCREENS)('%s looks as in fixtures/console', async (screen) => {
    const drawn = render(<App model={stillConsole(sampleScreen(screen, size))} noColor onApp={() => undefined} />);
    try {
      const rows = (drawn.lastFrame() ?? '').split('\n').map((row) => row.trimEnd());
      expect(rows).toHaveLength(size.rows);
      await expect(`${rows.join('\n')}\n`).toMatchFileSnapshot(
        `../../fixtures/console/${screen}-${size.columns}x${size.rows}.txt`,
      );
    } finally {
      drawn.unmount();
      drawn.cleanup();
    }
  });
});
