import fc from 'fast-check';
import { expect, test } from 'vitest';
import { splitKeys } from '../../../src/ui/terminal/split-keys.ts';

const ESC = '\u001b';

test.each([
  ['letters', 'jr', ['j', 'r']],
  ['a letter and Enter', 'j\r', ['j', '\r']],
  ['Enter as two characters', '\r\n', ['\r', '\n']],
  ['arrows and Enter', `${ESC}[B${ESC}[B\r`, [`${ESC}[B`, `${ESC}[B`, '\r']],
  ['application arrows', `${ESC}OA${ESC}OB`, [`${ESC}OA`, `${ESC}OB`]],
  ['function keys of old terminals', `${ESC}[[A${ESC}[2$x`, [`${ESC}[[A`, `${ESC}[2$`, 'x']],
  ['paging', `${ESC}[5~${ESC}[6~`, [`${ESC}[5~`, `${ESC}[6~`]],
  ['Alt with a letter', `${ESC}yj`, [`${ESC}y`, 'j']],
  ['a mouse report', `${ESC}[<0;10;5M`, [`${ESC}[<0;10;5M`]],
  ['graphemes', 'e\u0301👩‍👩‍👧日', ['e\u0301', '👩‍👩‍👧', '日']],
  ['a whole paste', `${ESC}[200~jj\r${ESC}[Bx${ESC}[201~q`, [`${ESC}[200~jj\r${ESC}[Bx${ESC}[201~`, 'q']],
])('splitKeys: %s are single keys', (_name, input, keys) => {
  expect(splitKeys(input)).toEqual({ keys, rest: '' });
});

test.each([[ESC], [`${ESC}[`], [`${ESC}[1;5`], [`${ESC}O`], [`${ESC}${ESC}`], [`${ESC}[200~half a paste`]])(
  'splitKeys: %j waits for its end',
  (input) => {
    expect(splitKeys(`a${input}`)).toEqual({ keys: ['a'], rest: input });
  },
);

test('splitKeys: nothing is lost, whatever a terminal sends', () => {
  const piece = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom(ESC, `${ESC}[`, `${ESC}[B`, '\r', `${ESC}[200~`, `${ESC}[201~`),
  );
  fc.assert(
    fc.property(fc.array(piece), (pieces) => {
      const input = pieces.join('');
      const { keys, rest } = splitKeys(input);
      expect(keys.join('') + rest).toBe(input);
      expect(keys).not.toContain('');
    }),
  );
});
