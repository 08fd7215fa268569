/** A frame as text: what the screen says, without its looks. */
import { layoutConsole } from '../../src/ui/layout.ts';
import type { ConsoleState } from '../../src/ui/state/console-state.ts';
import { assembleFrame } from '../../src/ui/view/assemble-frame.ts';
import { lineText } from '../../src/ui/view/line.ts';
import { cutText } from '../../src/ui/view/text-width.ts';

/** The rows of a state's screen, cut at the edge of the terminal, without trailing spaces. */
export function frameText(state: ConsoleState): string {
  const { columns } = layoutConsole(state);
  const { above, menu, below } = assembleFrame(state);
  const choices =
    menu === undefined
      ? []
      : menu.items.slice(0, menu.rows).map(({ label }, at) => `${at === menu.first ? '>' : ' '} ${label}`);
  return [...above.map(lineText), ...choices, ...below.map(lineText)]
    .map((row) => cutText(row, columns).trimEnd())
    .join('\n');
}
