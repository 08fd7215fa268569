/** One member of a JSON object: its name, and where its value is written. */
export type JsonMember = { readonly name: string; readonly start: number; readonly end: number };

/**
 * Finds the members of a JSON object in its text, so that a value can be read or replaced as it is written (numbers
 * beyond 2^53 keep every digit).
 *
 * Shapes: text that `JSON.parse` accepts and that is an object, spaces around it allowed; members in written order,
 *         a name may occur twice (the last one counts).
 * Errors: none for such text.
 * Source: RFC 8259.
 */
export function splitMembers(text: string): readonly JsonMember[] {
  const members: JsonMember[] = [];
  let at = skipSpace(text, text.indexOf('{') + 1);
  while (text[at] === '"') {
    const nameEnd = skipString(text, at);
    const name = readName(text.slice(at, nameEnd));
    const start = skipSpace(text, skipSpace(text, nameEnd) + 1);
    const end = skipValue(text, start);
    members.push({ name, start, end });
    at = skipSpace(text, end);
    if (text[at] === ',') at = skipSpace(text, at + 1);
  }
  return members;
}

/** Up to so many names are compared each with each, which is faster than a set. */
const FEW = 8;

function isBefore(members: readonly JsonMember[], name: string, end: number): boolean {
  for (let at = 0; at < end; at++) if (members[at]?.name === name) return true;
  return false;
}

/** A name as it is meant; few are written with escapes. */
function readName(written: string): string {
  return written.includes('\\') ? String(JSON.parse(written)) : written.slice(1, -1);
}

/**
 * The first name that stands more than once among members: an object with two values under one name contradicts itself,
 * and readers differ in which they take. Undefined when there is none, or none of those asked about.
 *
 * Errors: none.
 * Source: RFC 8259, 4; decisions/0020.
 */
export function findRepeatedName(members: readonly JsonMember[], names?: ReadonlySet<string>): string | undefined {
  if (members.length <= FEW) {
    return members.find(({ name }, at) => (names?.has(name) ?? true) && isBefore(members, name, at))?.name;
  }
  const seen = new Set<string>();
  for (const { name } of members) {
    if (names && !names.has(name)) continue;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  return undefined;
}

/**
 * The members of a JSON object as text, by name: a string as it is, anything else as its JSON text.
 *
 * Errors: none; of a name that occurs twice the last value counts.
 * Source: contract, job files (columns as ROW_<COLUMN>).
 */
export function readTextMembers(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  for (const { name, start, end } of splitMembers(text)) {
    const written = text.slice(start, end);
    members.set(name, written.startsWith('"') ? String(JSON.parse(written)) : written);
  }
  return members;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\n' || text[at] === '\r' || text[at] === '\t') at += 1;
  return at;
}

/** End of the string that starts at a quote. */
function skipString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at === -1 ? text.length : at + 1;
}

function isEscaped(text: string, quote: number): boolean {
  let backslashes = 0;
  while (text[quote - 1 - backslashes] === '\\') backslashes += 1;
  return backslashes % 2 === 1;
}

function skipValue(text: string, from: number): number {
  const first = text[from];
  if (first === '"') return skipString(text, from);
  if (first !== '{' && first !== '[') return skipPlain(text, from);
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at];
    if (character === '"') at = skipString(text, at) - 1;
    else if (character === '{' || character === '[') depth += 1;
    else if ((character === '}' || character === ']') && --depth === 0) return at + 1;
  }
  return text.length;
}

function skipPlain(text: string, from: number): number {
  let at = from;
  while (at < text.length && !',]} \n\r\t'.includes(text.charAt(at))) at += 1;
  return at;
}
