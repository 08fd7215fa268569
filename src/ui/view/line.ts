/** Lines of a screen: what they say and what it means. Screens are lists of these, cut to the rows there are. */
import type { Tone } from '../theme.ts';
import { wrapText } from './text-width.ts';

export type Span = { readonly text: string; readonly tone: Tone };

/** One row of the terminal. A selected line has the cursor's mark in its text; inverse video only adds to it. */
export type Line = { readonly spans: readonly Span[]; readonly isSelected?: boolean };

export const BLANK: Line = { spans: [] };

/** A line of one meaning. */
export function textLine(text: string, tone: Tone = 'plain'): Line {
  return { spans: [{ text, tone }] };
}

/** A line of several meanings, given as text and tone in turn. */
export function spanLine(...spans: readonly (readonly [text: string, tone: Tone])[]): Line {
  return { spans: spans.map(([text, tone]) => ({ text, tone })) };
}

/** Lines of a text broken at `width`; lines after the first are indented by `indent` cells. */
export function wrappedLines(
  text: string,
  width: number,
  look: { readonly tone?: Tone; readonly indent?: number } = {},
): readonly Line[] {
  const { tone = 'plain', indent = 0 } = look;
  const [first = '', ...others] = text.split('\n').flatMap((part) => wrapHanging(part, width, indent));
  return [first, ...others].map((part) => textLine(part, tone));
}

function wrapHanging(text: string, width: number, indent: number): readonly string[] {
  const [first = '', ...others] = wrapText(text, width);
  if (others.length === 0 || indent === 0 || indent >= width - 8) return [first, ...others];
  const left = text.slice(first.length).trimStart();
  return [first, ...wrapText(left, width - indent).map((part) => ' '.repeat(indent) + part)];
}

/** The text of a line, without its meaning. */
export function lineText(line: Line): string {
  return line.spans.map((span) => span.text).join('');
}

/**
 * The `height` lines that are visible from line `scroll` on; a position beyond the end shows the last lines. When
 * there is more above or below, the last line of the view says so.
 */
export function scrollLines(lines: readonly Line[], height: number, scroll: number): readonly Line[] {
  if (lines.length <= height || height <= 0) return lines.slice(0, Math.max(0, height));
  const shown = Math.max(1, height - 1);
  const from = Math.min(scroll, lines.length - shown);
  const mark = textLine(`-- lines ${from + 1} to ${from + shown} of ${lines.length} (PgUp, PgDn) --`, 'faint');
  return height === 1 ? lines.slice(from, from + 1) : [...lines.slice(from, from + shown), mark];
}

/** Exactly `height` lines: cut or filled with blank ones. */
export function fillLines(lines: readonly Line[], height: number): readonly Line[] {
  const cut = lines.slice(0, Math.max(0, height));
  return [...cut, ...Array.from({ length: Math.max(0, height - cut.length) }, () => BLANK)];
}
