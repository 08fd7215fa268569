import type { CheckpointReader } from '../../../core/checkpoint/store.ts';
import { makeJsonScanner } from '../../exact-json/make-json-scanner.ts';
import { makeContentDigest } from './content-digest.ts';
import { DIGEST_FIELD, DIGEST_VALUE_OFFSET, isDamagedDigestName } from './digest-field.ts';
import { CHECKPOINT_FIELDS, type PolicyFacts } from './schema.ts';

const WANTED: ReadonlySet<string> = new Set([...CHECKPOINT_FIELDS, DIGEST_FIELD]);

/**
 * Makes a reader of one checkpoint's bytes, in memory that does not grow with them.
 *
 * Errors: none; a problem is part of the facts.
 */
export function makeReader(): CheckpointReader<PolicyFacts> {
  const scanner = makeJsonScanner({ isWanted: (name) => WANTED.has(name) || isDamagedDigestName(name) });
  const digest = makeContentDigest();
  let sizeBytes = 0;
  return {
    push(bytes) {
      sizeBytes += bytes.length;
      if (!scanner.push(bytes)) return false;
      const digestStart = scanner.startOffsetOf(DIGEST_FIELD);
      digest.push(bytes, digestStart === undefined ? undefined : digestStart + DIGEST_VALUE_OFFSET);
      return true;
    },
    end(path) {
      scanner.end();
      const { fields } = scanner;
      const rootType = scanner.rootType();
      const jsonProblem = scanner.problem();
      const doubtfulNumbers = scanner.doubtfulNumbers();
      const seen = {
        path,
        sizeBytes,
        fields,
        ...(rootType && { rootType }),
        ...(doubtfulNumbers && { doubtfulNumbers }),
      };
      if (jsonProblem !== undefined) return { ...seen, jsonProblem };
      const { sha256, contentSha256 } = digest.end();
      return { ...seen, sha256, computedDigest: contentSha256 };
    },
  };
}
