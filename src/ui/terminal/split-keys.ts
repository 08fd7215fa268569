/** Cuts what a terminal sent in one read into single keys, so that each is acted on by itself. */

const ESCAPE = '\u001b';
/** What a terminal puts before and after pasted text (bracketed paste). */
export const PASTE_START = `${ESCAPE}[200~`;
export const PASTE_END = `${ESCAPE}[201~`;

/** Keys in the order they came. `rest` is the beginning of a sequence whose end has not come yet, or empty. */
export type SplitKeys = { readonly keys: readonly string[]; readonly rest: string };

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** After the escape (or two: some terminals send Alt so), a complete control sequence (CSI or SS3). */
const SEQUENCE = /^(?:\[\[[A-E]|\[\[[56]~|\[[235678]\$|\[[0-?]*[ -/]*[@-Z\\-~]|O[0-9;]*[@-~])/;
/** The beginning of one: more has to come before it means anything. */
const UNFINISHED = /^(?:\[\[?[0-?]*[ -/]*|O[0-9;]*)?$/;

/**
 * Cuts `input` into keys: one control sequence, one control character, one grapheme, or one whole bracketed paste.
 *
 * Shapes: keys joined with `rest` give `input` back, byte for byte.
 * Errors: none; a broken sequence falls apart into escape plus what follows.
 * Source: terminal trap 1 (keys that arrive in one read) and 11 (paste).
 */
export function splitKeys(input: string): SplitKeys {
  const keys: string[] = [];
  let at = 0;
  while (at < input.length) {
    if (input[at] === ESCAPE) {
      const sequence = firstSequence(input.slice(at));
      if (sequence === undefined) return { keys, rest: input.slice(at) };
      keys.push(sequence);
      at += sequence.length;
    } else if (isControl(input, at)) {
      keys.push(input.slice(at, at + 1));
      at += 1;
    } else {
      const end = endOfText(input, at);
      for (const { segment } of graphemes.segment(input.slice(at, end))) keys.push(segment);
      at = end;
    }
  }
  return { keys, rest: '' };
}

function endOfText(input: string, from: number): number {
  let at = from;
  while (at < input.length && !isControl(input, at)) at += 1;
  return at;
}

function firstSequence(text: string): string | undefined {
  if (text.startsWith(PASTE_START)) {
    const end = text.indexOf(PASTE_END, PASTE_START.length);
    return end < 0 ? undefined : text.slice(0, end + PASTE_END.length);
  }
  const prefix = text[1] === ESCAPE ? 2 : 1;
  const body = text.slice(prefix);
  const sequence = SEQUENCE.exec(body)?.[0];
  if (sequence !== undefined) return text.slice(0, prefix + sequence.length);
  if (UNFINISHED.test(body)) return undefined;
  const next = text.codePointAt(1);
  return next === undefined ? undefined : text.slice(0, 1 + String.fromCodePoint(next).length);
}

function isControl(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 0x20 || code === 0x7f;
}
