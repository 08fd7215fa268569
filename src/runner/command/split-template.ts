/**
 * Where the placeholders of a command line stand. The shell's quoting is followed just as far as that needs:
 * bare -> single quotes, double quotes, `$(...)`, `$((...))`, `${x:-...}`, backquotes; comments and here-documents
 * are skipped over. Pure.
 */

/** What a placeholder stands in. In `forbidden` there is no safe way to put a value. */
export type PlaceholderContext = 'bare' | 'double' | 'single' | 'forbidden';

/** A command line in pieces. `expansion` is a shell expansion with an operator, `${NAME:-...}`, left to the shell. */
export type TemplatePart =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'placeholder'; readonly name: string; readonly context: PlaceholderContext }
  | { readonly type: 'expansion'; readonly name: string; readonly written: string };

type Frame = 'single' | 'double' | 'substitution' | 'arithmetic' | 'expansion' | 'backquote';

type Scan = {
  readonly text: string;
  readonly isName: (name: string) => boolean;
  at: number;
  readonly frames: Frame[];
  readonly parts: TemplatePart[];
  /** Delimiters of here-documents whose bodies start at the next line. */
  readonly hereDocuments: { readonly end: string; readonly tabs: boolean }[];
};

/** How deep quotes and brackets may stand in each other; every placeholder looks at all that is around it. */
export const DEEPEST_NESTING = 100;

/**
 * Cuts a command line into its placeholders and the text between them.
 *
 * Shapes: `isName` knows the job's names, since some look like shell operators (`order-id`). `$${name}` and `\${name}`
 *         are text (the first loses one dollar sign); so is everything in a comment. All parts together are the
 *         command line again, but for those dollar signs.
 * Errors: none; `open` tells that a quote or bracket is not closed, `tooDeep` that they are nested deeper than
 *         `DEEPEST_NESTING`: the parts end there.
 * Source: contract, job files; POSIX, shell command language, 2.2 and 2.6.
 */
export function splitTemplate(
  text: string,
  isName: (name: string) => boolean,
): { readonly parts: readonly TemplatePart[]; readonly open: boolean; readonly tooDeep: boolean } {
  const scan: Scan = { text, isName, at: 0, frames: [], parts: [], hereDocuments: [] };
  while (scan.at < text.length && scan.frames.length <= DEEPEST_NESTING) takeNext(scan);
  return { parts: scan.parts, open: scan.frames.length > 0, tooDeep: scan.frames.length > DEEPEST_NESTING };
}

/** Takes what stands next; every taker moves the scan on and answers where it stands then. */
function takeNext(scan: Scan): number {
  const { text, at, frames } = scan;
  const frame = frames.at(-1);
  if (text.startsWith('$${', at)) return take(scan, 3, '${');
  if (text.startsWith('\\${', at)) return take(scan, 3);
  if (text.startsWith('${', at)) return takeBraces(scan);
  if (frame === 'single') return takeSingle(scan);
  if (text[at] === '\\') return take(scan, 2);
  if (text[at] === '"') return toggle(scan, 'double');
  if (text[at] === '`') return toggle(scan, 'backquote');
  if (text.startsWith('$(', at)) return open(scan, text.startsWith('$((', at) ? 'arithmetic' : 'substitution', 2);
  if (frame === 'expansion' && text[at] === '}') return close(scan);
  return frame === 'double' ? take(scan, 1) : takeBare(scan, frame);
}

function takeBare(scan: Scan, frame: Frame | undefined): number {
  const { text, at } = scan;
  switch (text[at]) {
    case "'":
      return open(scan, 'single', 1);
    case '(':
      return open(scan, frame === 'arithmetic' ? 'arithmetic' : 'substitution', 1);
    case ')':
      return frame === 'substitution' || frame === 'arithmetic' ? close(scan) : take(scan, 1);
    case '#':
      return takeComment(scan);
    case '<':
      return takeRedirection(scan, frame);
    case '\n':
      return takeLineEnd(scan);
    default:
      return take(scan, 1);
  }
}

function takeSingle(scan: Scan): number {
  if (scan.text[scan.at] === "'") return close(scan);
  return take(scan, 1);
}

/** A `#` starts a comment only where a word could start. */
function takeComment(scan: Scan): number {
  const { text, at } = scan;
  if (at > 0 && !' \t\n;&|()`'.includes(text.charAt(at - 1))) return take(scan, 1);
  const end = text.indexOf('\n', at);
  return take(scan, (end === -1 ? text.length : end) - at);
}

function takeRedirection(scan: Scan, frame: Frame | undefined): number {
  const match = /^<<(-?)[ \t]*(?:'([^'\n]+)'|"([^"\n]+)"|\\?([^\s;&|<>()'"`$]+))/.exec(
    scan.text.slice(scan.at, scan.at + 300),
  );
  if (!match || frame === 'arithmetic') return take(scan, 1);
  scan.hereDocuments.push({ end: match[2] ?? match[3] ?? match[4] ?? '', tabs: match[1] === '-' });
  return take(scan, match[0].length);
}

/** Takes the bodies of here-documents that start on the next line; placeholders in them are forbidden. */
function takeLineEnd(scan: Scan): number {
  take(scan, 1);
  for (let wanted = scan.hereDocuments.shift(); wanted !== undefined; wanted = scan.hereDocuments.shift()) {
    let line: string;
    do {
      const end = scan.text.indexOf('\n', scan.at);
      line = scan.text.slice(scan.at, end === -1 ? scan.text.length : end + 1);
      takeHereLine(scan, line);
    } while (scan.at < scan.text.length && (wanted.tabs ? line.replace(/^\t+/, '') : line).trimEnd() !== wanted.end);
  }
  return scan.at;
}

function takeHereLine(scan: Scan, line: string): number {
  const lineEnd = scan.at + line.length;
  while (scan.at < lineEnd) {
    const rest = scan.text.slice(scan.at, lineEnd);
    // Without a bracket that closes, every one that opens would be followed to the end of the line.
    if (!rest.includes('}')) return take(scan, rest.length);
    const match = /(\$|\\)?\$\{([^}\n]*)\}/.exec(rest);
    if (!match) return take(scan, rest.length);
    take(scan, match.index);
    if (match[1] === '$') take(scan, match[0].length, match[0].slice(1));
    else if (match[1] === '\\') take(scan, match[0].length);
    else push(scan, match[0].length, { type: 'placeholder', name: match[2] ?? '', context: 'forbidden' });
  }
  return scan.at;
}

function takeBraces(scan: Scan): number {
  const { text, at } = scan;
  const end = text.indexOf('}', at);
  const inner = end === -1 ? text.slice(at + 2) : text.slice(at + 2, end);
  const placeholder = { type: 'placeholder', name: inner, context: findContext(scan.frames) } as const;
  if (end !== -1 && scan.isName(inner.trim())) return push(scan, end + 1 - at, placeholder);
  const operator = /^([A-Za-z_][A-Za-z0-9_]*)(?=:?[-=?+]|[%#/^,@[])/.exec(inner);
  const length = operator?.[0].length ?? 0;
  if (operator && length > 0) {
    scan.frames.push('expansion');
    return push(scan, 2 + length, { type: 'expansion', name: operator[0], written: inner });
  }
  // Special parameters: ${1}, ${2:-x}, ${#name}, ${?}.
  if (end === -1 || /^(?:[0-9]+|[@*?$!-])(?:$|[:=?+%#-])|^[#!]./.test(inner)) return open(scan, 'expansion', 2);
  return push(scan, end + 1 - at, placeholder);
}

function findContext(frames: readonly Frame[]): PlaceholderContext {
  const unsafe = frames.some((frame) => frame === 'arithmetic' || frame === 'expansion' || frame === 'backquote');
  if (unsafe) return 'forbidden';
  const frame = frames.at(-1);
  return frame === 'single' || frame === 'double' ? frame : 'bare';
}

function toggle(scan: Scan, frame: Frame): number {
  return scan.frames.at(-1) === frame ? close(scan) : open(scan, frame, 1);
}

function open(scan: Scan, frame: Frame, length: number): number {
  scan.frames.push(frame);
  // Of `$((` the second bracket is taken next, as one more level: each bracket closes by itself.
  return take(scan, length);
}

function close(scan: Scan): number {
  scan.frames.pop();
  return take(scan, 1);
}

function take(scan: Scan, length: number, text = scan.text.slice(scan.at, scan.at + length)): number {
  const last = scan.parts.at(-1);
  if (last?.type === 'text') scan.parts[scan.parts.length - 1] = { type: 'text', text: last.text + text };
  else scan.parts.push({ type: 'text', text });
  scan.at += length;
  return scan.at;
}

function push(scan: Scan, length: number, part: TemplatePart): number {
  scan.parts.push(part);
  scan.at += length;
  return scan.at;
}
