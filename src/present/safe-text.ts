/** Makes foreign text safe for a terminal: the one place that does. */

// Whole sequences first, so that their payload goes with them: OSC, DCS, SOS, PM and APC strings, CSI, then two-byte
// escapes. The patterns are put together from named characters: a control character in a pattern is easily a slip.
const [BELL, ESCAPE, STRING_END, CSI_BYTE] = ['\\x07', '\\x1b', '\\x9c', '\\x9b'];
const STRING_BYTES = '\\x9d\\x90\\x98\\x9e\\x9f';
const STRINGS = new RegExp(
  `(?:${ESCAPE}[\\]PX^_]|[${STRING_BYTES}])[^${BELL}${ESCAPE}${STRING_END}]*(?:${BELL}|${ESCAPE}\\\\|${STRING_END}|$)`,
  'g',
);
const CSI = new RegExp(`(?:${ESCAPE}\\[|${CSI_BYTE})[0-?]*[ -/]*[@-~]?`, 'g');
const ESCAPES = new RegExp(`${ESCAPE}[ -/]*[0-~]?`, 'g');
const LINE_BREAKS = /[\t\n\v\f\r\u0085\u2028\u2029]+/g;
// Controls, bidi overrides and isolates, invisible formatting, tag characters, lone surrogates.
const HOSTILE =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;
/** The same with line separators, at which some programs end a line. */
const HOSTILE_OR_SEPARATOR =
  /[\p{Cc}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]|\p{Cs}/gu;

/**
 * Turns foreign text into one harmless line: escape sequences and controls are removed, line breaks become a space,
 * direction overrides and invisible characters go, and it is cut at `maxLength` characters with an ellipsis.
 *
 * Errors: none.
 * Source: design, rule 11; console traps 15.
 */
export function safeText(text: string, maxLength = 500): string {
  // Long text is cut before it is looked at, so that a hostile megabyte costs nothing; escapes may eat some of it.
  const bounded = text.length > maxLength * 8 ? text.slice(0, maxLength * 8) : text;
  const clean = bounded
    .replace(STRINGS, '')
    .replace(CSI, '')
    .replace(ESCAPES, '')
    .replace(LINE_BREAKS, ' ')
    .replace(HOSTILE, '')
    .trim();
  const characters = clean.length > maxLength ? Array.from(clean) : undefined;
  if (!characters || characters.length <= maxLength) return clean;
  return `${characters.slice(0, maxLength - 1).join('')}…`;
}

/** Makes a text of several lines safe, line by line. */
export function safeLines(text: string, maxLength = 500): readonly string[] {
  return text.split(/\r\n|[\n\r]/).map((line) => safeText(line, maxLength));
}

/**
 * Makes a text of several lines safe and keeps its layout: line ends, tabs and spaces stay, and nothing is cut. Of an
 * escape sequence only its first character goes, so that one that was forgotten takes nothing else with it.
 *
 * For what is printed as a whole, after its foreign parts were made safe where they were put in.
 */
export function safeLayout(text: string): string {
  return text.replace(HOSTILE_OR_SEPARATOR, (character) => (character === '\n' || character === '\t' ? character : ''));
}

/**
 * Escapes what is hostile in JSON text as `\uXXXX`: the same value for whoever parses it, harmless on a terminal.
 *
 * Shapes: JSON as `JSON.stringify` writes it, without line breaks; only inside strings can such characters stand.
 */
export function safeJson(json: string): string {
  return json.replace(HOSTILE_OR_SEPARATOR, (character) =>
    Array.from(
      { length: character.length },
      (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, '0')}`,
    ).join(''),
  );
}
