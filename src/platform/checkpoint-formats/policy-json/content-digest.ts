import { createHash, type Hash } from 'node:crypto';
import { DIGEST_ZEROS } from './digest-field.ts';

const ZEROS = Buffer.from(DIGEST_ZEROS);

/** Both digests of a file, in hex: of its bytes, and of its bytes with the digest field's 64 characters as zeros. */
export type ContentDigests = { readonly sha256: string; readonly contentSha256: string };

/** Digests a file as its bytes come. */
export type ContentDigest = {
  /** Takes the next bytes. `zerosAt` is where the 64 characters begin in the file, once that is known. */
  readonly push: (bytes: Uint8Array, zerosAt?: number) => void;
  readonly end: () => ContentDigests;
};

/**
 * Makes a digest of a whole file. The two hashes part only where the field stands, so a field at the end of the file
 * costs nothing.
 *
 * Errors: none. Source: core/checkpoint/digest-field.
 */
export function makeContentDigest(): ContentDigest {
  const whole = createHash('sha256');
  let content: Hash | undefined;
  let offset = 0;
  return {
    push(bytes, zerosAt) {
      const start = offset;
      offset += bytes.length;
      if (zerosAt === undefined || zerosAt >= offset) {
        whole.update(bytes);
        content?.update(bytes);
        return;
      }
      const from = Math.max(0, zerosAt - start);
      const to = Math.max(from, Math.min(bytes.length, zerosAt + ZEROS.length - start));
      if (content === undefined) {
        whole.update(bytes.subarray(0, from));
        content = whole.copy();
        whole.update(bytes.subarray(from));
      } else {
        whole.update(bytes);
        content.update(bytes.subarray(0, from));
      }
      content.update(ZEROS.subarray(0, to - from));
      content.update(bytes.subarray(to));
    },
    end() {
      const contentSha256 = content?.digest('hex');
      const sha256 = whole.digest('hex');
      return { sha256, contentSha256: contentSha256 ?? sha256 };
    },
  };
}
