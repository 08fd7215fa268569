import { expect, test } from 'vitest';
import { editText, FIELD_LIMIT, insertText } from '../../../src/ui/state/edit-text.ts';

test.each([
  ['a letter', 'ab', 'c', 'abc'],
  ['a wide letter', 'ab', '日', 'ab日'],
  ['backspace over a family', 'ab👩‍👩‍👧', 'backspace', 'ab'],
  ['backspace on nothing', '', 'backspace', ''],
  ['ctrl+u', 'California', 'ctrl+u', ''],
  ['ctrl+w', 'California Orders ', 'ctrl+w', 'California '],
  ['a space', 'California', ' ', 'California '],
])('editText: %s', (...[, text, key, expected]) => {
  expect(editText(text, key)).toBe(expected);
});

test.each(['up', 'enter', 'escape', 'alt+x', 'ctrl+a', '\u0007'])('editText: %j is no editing key', (key) => {
  expect(editText('text', key)).toBeUndefined();
});

test('insertText: pasted lines become one, without controls, within the limit', () => {
  expect(insertText('', 'two\r\nlines\u0007\u202e')).toBe('two lines');
  expect(insertText('', 'x'.repeat(10_000))).toHaveLength(FIELD_LIMIT);
});
