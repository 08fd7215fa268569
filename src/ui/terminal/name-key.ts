/** One name for each key, however a terminal sends it. */
import type { Key } from 'ink';

const NAMED = [
  ['upArrow', 'up'],
  ['downArrow', 'down'],
  ['leftArrow', 'left'],
  ['rightArrow', 'right'],
  ['pageUp', 'pageup'],
  ['pageDown', 'pagedown'],
  ['home', 'home'],
  ['end', 'end'],
  ['return', 'enter'],
  ['escape', 'escape'],
  ['backspace', 'backspace'],
  ['delete', 'delete'],
] as const satisfies readonly (readonly [keyof Key, string])[];

/**
 * Names a key: `enter`, `pageup`, `ctrl+c`, or the grapheme itself. A key with Alt is named `alt+...`, so that it is
 * never taken for the plain one.
 *
 * Shapes: `input` and `key` as `useInput` gives them. Errors: none.
 */
export function nameKey(input: string, key: Key): string {
  if (key.tab) return key.shift ? 'shift+tab' : 'tab';
  const named = NAMED.find(([flag]) => key[flag] === true);
  if (named !== undefined) return named[1];
  if (key.ctrl) return `ctrl+${input}`;
  if (key.meta) return `alt+${input}`;
  return input;
}
