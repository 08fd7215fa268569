import type { NumberRange } from '../../exact-json/find-doubtful-numbers.ts';
import { makeJsonScanner } from '../../exact-json/make-json-scanner.ts';
import { makeContentDigest } from './content-digest.ts';
import { DIGEST_FIELD, DIGEST_VALUE_OFFSET, isDamagedDigestName } from './digest-field.ts';
import { CHECKPOINT_FIELDS, type CheckpointFacts } from './schema.ts';

const WANTED: ReadonlySet<string> = new Set([...CHECKPOINT_FIELDS, DIGEST_FIELD]);

/** The facts a checkpoint's bytes give; who read them adds the path. */
export type ContentFacts = Omit<CheckpointFacts, 'path' | 'readProblem'>;

/** Takes a checkpoint's bytes as they come and answers its facts. */
export type CheckpointReader = {
  /** Takes the next bytes; false once there is a problem, and nothing more is needed. */
  readonly push: (bytes: Uint8Array) => boolean;
  readonly end: () => ContentFacts;
  /** See the scanner. */
  readonly doubtfulNumbers: () => readonly NumberRange[] | undefined;
  /** How many bytes came so far. */
  readonly offset: () => number;
};

/**
 * Makes a reader of one checkpoint's bytes, in memory that does not grow with them.
 *
 * Errors: none; a problem is part of the facts.
 */
export function makeCheckpointReader(): CheckpointReader {
  const scanner = makeJsonScanner({ isWanted: (name) => WANTED.has(name) || isDamagedDigestName(name) });
  const digest = makeContentDigest();
  let sizeBytes = 0;
  return {
    offset: () => sizeBytes,
    doubtfulNumbers: scanner.doubtfulNumbers,
    push(bytes) {
      sizeBytes += bytes.length;
      if (!scanner.push(bytes)) return false;
      const digestStart = scanner.startOffsetOf(DIGEST_FIELD);
      digest.push(bytes, digestStart === undefined ? undefined : digestStart + DIGEST_VALUE_OFFSET);
      return true;
    },
    end() {
      scanner.end();
      const { fields } = scanner;
      const rootType = scanner.rootType();
      const jsonProblem = scanner.problem();
      const seen = { sizeBytes, fields, ...(rootType === undefined ? {} : { rootType }) };
      if (jsonProblem !== undefined) return { ...seen, jsonProblem };
      const { sha256, contentSha256 } = digest.end();
      return { ...seen, sha256, computedDigest: contentSha256 };
    },
  };
}
