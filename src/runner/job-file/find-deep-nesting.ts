import { CST, Lexer } from 'yaml';

/**
 * Finds where lists and maps are nested deeper than `limit`, without parsing: the parser calls itself for each level
 * and takes long to run out of stack. Brackets and dashes in quotes, comments and blocks of text do not count.
 *
 * Returns the offset of the first place that is too deep, undefined when there is none. A list that is not indented
 * below its key counts as one level with it.
 * Units:  UTF-16 code units.
 * Errors: none; text that is no YAML is looked at as far as it goes. Time and memory grow with the text alone.
 */
export function findDeepNesting(text: string, limit: number): number | undefined {
  const place = makePlace();
  let isText = false;
  for (const token of new Lexer().lex(text)) {
    const type: TokenType = isText ? null : CST.tokenType(token);
    // A mark of the lexer's own: what comes next is text, whatever it looks like.
    isText = type === 'scalar';
    if (type === 'flow-error-end') place.leaveBrackets();
    if (type === 'scalar' || type === 'doc-mode' || type === 'flow-error-end') continue;
    if (place.enter(type) > limit) return place.offset();
    place.pass(token);
  }
  return undefined;
}

type TokenType = ReturnType<typeof CST.tokenType>;

/** Follows where a token stands and how deep it is: by column outside brackets, by brackets in them. */
function makePlace() {
  /** Where the lists and maps around the token begin, each to the right of the one around it. */
  const columns: number[] = [];
  let [offset, column, brackets] = [0, 0, 0];
  /** Where the key of a colon to come begins, when it began on this line. */
  let keyColumn: number | undefined;

  const enterAt = (start: number) => {
    while ((columns.at(-1) ?? -1) > start) columns.pop();
    if ((columns.at(-1) ?? -1) < start) columns.push(start);
    keyColumn = undefined;
  };
  const enterBlock = (type: TokenType) => {
    switch (type) {
      case 'seq-item-ind':
      case 'explicit-key-ind':
        return enterAt(column);
      case 'map-value-ind':
        return enterAt(keyColumn ?? column);
      case 'newline':
        keyColumn = undefined;
        return;
      case 'space':
      case 'comment':
      case 'byte-order-mark':
        return;
      default:
        keyColumn ??= column;
    }
  };
  return {
    offset: () => offset,
    /** How deep a token of this type leads; null is text. */
    enter(type: TokenType): number {
      if (brackets === 0) enterBlock(type);
      if (type === 'flow-map-start' || type === 'flow-seq-start') brackets += 1;
      if (type === 'flow-map-end' || type === 'flow-seq-end') brackets = Math.max(0, brackets - 1);
      return columns.length + brackets;
    },
    leaveBrackets() {
      brackets = 0;
    },
    pass(token: string): void {
      offset += token.length;
      const lineEnd = token.lastIndexOf('\n');
      column = lineEnd === -1 ? column + token.length : token.length - lineEnd - 1;
    },
  };
}
