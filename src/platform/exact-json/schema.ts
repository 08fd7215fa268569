/** What is found in a JSON text without parsing it. */
import type { ByteRange } from '../../core/checkpoint/schema.ts';

/** How deep objects and arrays may nest: as deep as the first reader of policy checkpoints goes. Source: docs/tau.md. */
export const DEPTH_LIMIT = 127;

/** The type of a JSON value. */
export type JsonType = 'object' | 'array' | 'string' | 'number' | 'boolean' | 'null';

/**
 * One top-level field as it stands in the file. Offsets are bytes from the file's start, the end exclusive.
 * `text` is the raw text of a string, number, boolean or null; objects and arrays stay in the file.
 */
export type FieldFacts = ByteRange & { readonly type: JsonType; readonly text?: string };

/** The rule of JSON, or of what strict readers accept, that a text breaks. */
export type JsonRule =
  | 'syntax'
  | 'truncated'
  | 'encoding'
  | 'duplicate_key'
  | 'depth'
  | 'number_range'
  | 'lone_surrogate'
  | 'token_length';

/** The first thing wrong with a JSON text: the byte, the value around it, and why. `path` and `found` are foreign. */
export type JsonProblem = {
  readonly rule: JsonRule;
  readonly offset: number;
  readonly path: string;
  readonly expected: string;
  readonly found: string;
};
