/** Widths of text in terminal cells: wide characters take two, combining marks none. */

const PLAIN = /^[\u0020-\u007e]*$/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

const INVISIBLE = /^[\p{Default_Ignorable_Code_Point}\p{Mark}\p{Control}\p{Surrogate}]+$/u;
/** Emoji that are drawn as pictures by themselves, or are asked to be (variation selector 16), and flags. */
const PICTURE = /^\p{Emoji_Presentation}|\ufe0f|^\p{Regional_Indicator}{2}/u;
/** East Asian wide and full-width characters by block. Source: Unicode, East Asian Width (UAX 11). */
const WIDE =
  /^[\u1100-\u115f\u2329\u232a\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6b\uff01-\uff60\uffe0-\uffe6\u{16fe0}-\u{18cff}\u{1aff0}-\u{1b2ff}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]/u;

/** Cells a text takes. */
export function measureText(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let cells = 0;
  for (const { segment } of graphemes.segment(text)) cells += measureGrapheme(segment);
  return cells;
}

function measureGrapheme(grapheme: string): number {
  if (PLAIN.test(grapheme)) return grapheme.length;
  if (INVISIBLE.test(grapheme)) return 0;
  return WIDE.test(grapheme) || PICTURE.test(grapheme) ? 2 : 1;
}

/** The text in exactly `width` cells: filled with spaces at `side`, or cut with an ellipsis. */
export function fitText(text: string, width: number, side: 'left' | 'right' = 'right'): string {
  if (width <= 0) return '';
  const short = cutText(text, width);
  const space = ' '.repeat(width - measureText(short));
  return side === 'right' ? short + space : space + short;
}

/** The text in at most `width` cells; what is cut is replaced by an ellipsis. */
export function cutText(text: string, width: number): string {
  if (measureText(text) <= width) return text;
  return width <= 0 ? '' : `${takeCells(text, width - 1)}…`;
}

/**
 * Breaks a text into lines of at most `width` cells, at spaces where there are any. Indentation of the first line is
 * kept; line breaks in the text are kept; an empty text is one empty line.
 */
export function wrapText(text: string, width: number): readonly string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, Math.max(1, width)));
}

function wrapLine(line: string, width: number): readonly string[] {
  const lines: string[] = [];
  let left = line;
  while (measureText(left) > width) {
    const head = takeCells(left, width);
    const space = left[head.length] === ' ' ? head.length : head.lastIndexOf(' ');
    const at = space > 0 && head.slice(0, space).trim() !== '' ? space : Math.max(head.length, 1);
    lines.push(left.slice(0, at).trimEnd());
    left = left.slice(at).trimStart();
  }
  return left === '' && lines.length > 0 ? lines : [...lines, left];
}

function takeCells(text: string, cells: number): string {
  if (PLAIN.test(text)) return text.slice(0, cells);
  let taken = '';
  let used = 0;
  for (const { segment } of graphemes.segment(text)) {
    used += measureGrapheme(segment);
    if (used > cells) break;
    taken += segment;
  }
  return taken;
}
