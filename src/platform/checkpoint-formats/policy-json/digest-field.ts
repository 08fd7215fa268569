/**
 * The digest beside the payload: a top-level key that older readers ignore.
 *
 * `"salvor_digest": "sha256:<64 hex>"`, where the hex is the SHA-256 of the file's bytes with these 64 characters
 * read as zeros. So every byte of the file is covered: a flip in the payload, in white space or in the digest itself.
 */

/** The key of the digest. Source: contract, policy checkpoints. */
export const DIGEST_FIELD = 'salvor_digest';

const PREFIX = 'sha256:';

/** The 64 characters in place of the digest while it is computed. */
export const DIGEST_ZEROS = '0'.repeat(64);

/** Where the 64 characters stand behind the value's opening quote, in bytes. */
export const DIGEST_VALUE_OFFSET = 1 + PREFIX.length;

/** The digest's value as raw JSON text, for 64 hex characters. */
export function formatDigestText(hex: string): string {
  return `"${PREFIX}${hex}"`;
}

/**
 * Whether a key is the digest's with exactly one bit changed. Such a key is no stranger's: taken for one, the damage
 * of one bit would turn a proven file into an unproven one.
 */
export function isDamagedDigestName(name: string): boolean {
  if (name.length !== DIGEST_FIELD.length) return false;
  let bitCount = 0;
  for (let at = 0; at < name.length; at++) {
    for (let rest = name.charCodeAt(at) ^ DIGEST_FIELD.charCodeAt(at); rest !== 0; rest &= rest - 1) bitCount++;
  }
  return bitCount === 1;
}
