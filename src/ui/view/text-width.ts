/** Widths of text in terminal cells, as Ink measures what it lays out. */
import stringWidth from 'string-width';

const PLAIN = /^[\u0020-\u007e]*$/u;
const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Text on a screen has no escape codes by now: looking for them would take longer. */
const OPTIONS = { countAnsiEscapeCodes: true };

/** Cells a text takes. */
export function measureText(text: string): number {
  return PLAIN.test(text) ? text.length : stringWidth(text, OPTIONS);
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
    used += measureText(segment);
    if (used > cells) break;
    taken += segment;
  }
  return taken;
}
