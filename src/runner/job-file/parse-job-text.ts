/** The text of a job file as a value that still knows its lines. Pure. */
import { type Document, isMap, isScalar, LineCounter, type ParsedNode, parseDocument, visit } from 'yaml';
import { RecoveryError } from '../../core/errors.ts';
import { findDeepNesting } from './find-deep-nesting.ts';
import { LIMITS } from './limits.ts';

/** A parsed file: its plain value, where a key stands, how a number was written, and how to refuse a place. */
export type JobText = {
  readonly value: unknown;
  /** Line (from 1) of the key at a path, or of the nearest map around it that exists. */
  readonly findLine: (path: readonly PropertyKey[]) => number;
  /** The value at a path, aliases followed. */
  readonly findValue: (path: readonly PropertyKey[]) => unknown;
  /** The text a plain number or boolean was written with. */
  readonly findSource: (path: readonly PropertyKey[]) => string | undefined;
  readonly refuse: (path: readonly PropertyKey[], message: string) => RecoveryError;
};

/**
 * Parses YAML 1.2, of which JSON is a part. One document, a map at the top, keys that are text, no tags.
 *
 * Errors: JOB_FILE_INVALID with the file's path and the line.
 * Source: contract, job files.
 */
export function parseJobText(text: string, path: string): JobText {
  refuseDeepNesting(text, path);
  const lines = new LineCounter();
  const refuseAt = (offset: number, message: string): RecoveryError => {
    const line = Math.max(1, lines.linePos(offset).line);
    return new RecoveryError('JOB_FILE_INVALID', `${path}, line ${line}: ${message}`, { details: { path, line } });
  };
  const document = parseText(text, path, lines);
  const problem = document.errors[0] ?? document.warnings[0];
  if (problem) throw refuseAt(problem.pos[0], `this is not valid YAML: ${problem.message}`);
  if (!isMap(document.contents)) throw refuseAt(0, 'found no map of keys, expected one with kind');
  checkNodes(document, refuseAt);
  const value = expand(document, refuseAt);
  const offsetOf = (at: readonly PropertyKey[]) => findOffset(document, at);
  const findNode = makeNodeFinder(document);
  return {
    value,
    findLine: (at) => Math.max(1, lines.linePos(offsetOf(at)).line),
    findValue: (at) => at.reduce<unknown>(readMember, value),
    findSource: (at) => {
      const node = findNode(at);
      return isScalar(node) && typeof node.value !== 'string' ? node.source : undefined;
    },
    refuse: (at, message) => refuseAt(offsetOf(at), message),
  };
}

/** Its own search for keys that stand twice compares each with every other one; here it is done by `checkNodes`. */
const LINEAR = { uniqueKeys: false } as const;

function refuseDeepNesting(text: string, path: string): void {
  const offset = findDeepNesting(text, LIMITS.nesting);
  if (offset === undefined) return;
  const line = text.slice(0, offset).split('\n').length;
  const message = `found lists and maps nested more than ${LIMITS.nesting} deep, which is the most a file may have`;
  throw new RecoveryError('JOB_FILE_INVALID', `${path}, line ${line}: ${message}`, { details: { path, line } });
}

function parseText(text: string, path: string, lines: LineCounter): Document.Parsed<ParsedNode> {
  try {
    return parseDocument(text, { lineCounter: lines, prettyErrors: false, version: '1.2', merge: false, ...LINEAR });
  } catch (cause) {
    throw new RecoveryError('JOB_FILE_INVALID', `${path} cannot be read as YAML: ${String(cause)}`, { cause });
  }
}

/** Keys are text and stand once in a map; there are not too many aliases. */
function checkNodes(
  document: Document.Parsed<ParsedNode>,
  refuseAt: (offset: number, message: string) => RecoveryError,
): void {
  let aliasCount = 0;
  visit(document, {
    Map: (_, map) => {
      const seen = new Set<string>();
      for (const { key } of map.items) {
        if (!isScalar(key) || typeof key.value !== 'string') {
          throw refuseAt(startOf(key) ?? 0, 'found a key that is not text; put it in quotes');
        }
        if (seen.size === seen.add(key.value).size) {
          throw refuseAt(startOf(key) ?? 0, 'this is not valid YAML: Map keys must be unique');
        }
      }
    },
    Alias: (_, alias) => {
      aliasCount += 1;
      if (aliasCount <= LIMITS.aliases) return;
      throw refuseAt(
        startOf(alias) ?? 0,
        `found more than ${LIMITS.aliases} aliases, which is the most a file may have`,
      );
    },
  });
}

/** Finds nodes by path; the members of a map are looked up in an index that is made once. */
function makeNodeFinder(document: Document.Parsed<ParsedNode>): (at: readonly PropertyKey[]) => unknown {
  const indexes = new Map<string, ReadonlyMap<unknown, unknown>>();
  return (at) => {
    const around = at.slice(0, -1);
    const place = JSON.stringify(around);
    let index = indexes.get(place);
    if (index === undefined) {
      const parent: unknown = around.length > 0 ? document.getIn(around, true) : document.contents;
      const items = isMap(parent) ? parent.items : [];
      index = new Map(items.map(({ key, value }) => [isScalar(key) ? key.value : key, value]));
      indexes.set(place, index);
    }
    return index.get(at.at(-1));
  };
}

function expand(
  document: Document.Parsed<ParsedNode>,
  refuseAt: (offset: number, message: string) => RecoveryError,
): unknown {
  try {
    return document.toJS({ maxAliasCount: LIMITS.aliases });
  } catch (cause) {
    throw refuseAt(0, `its aliases cannot be expanded: ${cause instanceof Error ? cause.message : String(cause)}`);
  }
}

function findOffset(document: Document.Parsed<ParsedNode>, path: readonly PropertyKey[]): number {
  const around = path.slice(0, -1);
  const parent: unknown = around.length > 0 ? document.getIn(around, true) : document.contents;
  const pair = isMap(parent)
    ? parent.items.find((item) => isScalar(item.key) && item.key.value === path.at(-1))
    : undefined;
  const offset = startOf(pair?.key) ?? startOf(document.getIn(path, true));
  if (offset !== undefined) return offset;
  return around.length > 0 ? findOffset(document, around) : 0;
}

function startOf(node: unknown): number | undefined {
  if (typeof node !== 'object' || node === null || !('range' in node) || !Array.isArray(node.range)) return undefined;
  return Number(node.range[0]);
}

function readMember(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.getOwnPropertyDescriptor(value, key)?.value;
}
