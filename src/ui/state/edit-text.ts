/** Editing of one-line text fields: filter, typed name, receipt, reason. */

/** The longest text a field takes. Unit: characters. */
export const FIELD_LIMIT = 500;

/**
 * What a key makes of a field's text; `undefined` when the key is not an editing key.
 *
 * Shapes: `key` is a key name of `nameKey`: a printable grapheme, `backspace`, `ctrl+u` (clear), `ctrl+w` (last word).
 * Errors: none.
 */
export function editText(text: string, key: string): string | undefined {
  if (key === 'backspace' || key === 'delete') return dropLast(text);
  if (key === 'ctrl+u') return '';
  if (key === 'ctrl+w') return text.replace(/\S*\s*$/u, '');
  if (key === 'space') return insertText(text, ' ');
  return isPrintable(key) ? insertText(text, key) : undefined;
}

/** Adds pasted or typed text: one line, without control characters, cut at the limit. */
export function insertText(text: string, added: string): string {
  const oneLine = added.replace(/[\r\n\t]+/gu, ' ').replace(/\p{C}/gu, '');
  return (text + oneLine).slice(0, FIELD_LIMIT);
}

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

function dropLast(text: string): string {
  const parts = [...graphemes.segment(text)];
  return parts
    .slice(0, -1)
    .map((part) => part.segment)
    .join('');
}

/** Whether a key is one character that can be seen or is a blank. */
export function isPrintable(key: string): boolean {
  const parts = [...graphemes.segment(key)];
  return parts.length === 1 && !/\p{C}/u.test(key);
}
