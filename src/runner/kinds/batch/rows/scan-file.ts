import { isUtf8 } from 'node:buffer';
import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { RecoveryError } from '../../../../core/errors.ts';
import type { FileDigest } from '../../../../platform/digest-file.ts';

/**
 * A rows file being read once: its text piece by piece, and its digest when the end was reached.
 *
 * Shapes: one character of `text` is one byte (latin1), so that every byte can be written back as it was; a multi-byte
 *         character may be cut by the end of a piece.
 */
export type FileScan = {
  readonly text: AsyncGenerator<string, void, undefined>;
  /** Digest of the whole file; undefined until the end was read. */
  readonly digest: () => FileDigest | undefined;
};

/** Small pieces keep memory low: every row is a slice of the piece it stands in. */
const READ_BYTES = 32 * 1024;

/**
 * Opens a rows file for one pass in constant memory.
 *
 * Errors: ROWS_INVALID for bytes that are not UTF-8, with their offset; the system's while reading, unchanged.
 * Source: contract, job files (rows).
 */
export function scanFile(path: string): FileScan {
  let digest: FileDigest | undefined;
  async function* read(): AsyncGenerator<string, void, undefined> {
    await using file = await open(path, 'r');
    const hash = createHash('sha256');
    const checkUtf8 = makeUtf8Check(path);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    let sizeBytes = 0;
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES);
      if (bytesRead === 0) break;
      const bytes = buffer.subarray(0, bytesRead);
      hash.update(bytes);
      checkUtf8(bytes);
      sizeBytes += bytesRead;
      yield bytes.toString('latin1');
    }
    checkUtf8();
    digest = { sha256: hash.digest('hex'), sizeBytes };
  }
  return { text: read(), digest: () => digest };
}

/** Checks pieces of a file one after the other; called without bytes at its end. */
function makeUtf8Check(path: string): (bytes?: Buffer) => void {
  let carry: Buffer = Buffer.alloc(0);
  let offset = 0;
  return (bytes) => {
    const whole = bytes === undefined ? carry : carry.length === 0 ? bytes : Buffer.concat([carry, bytes]);
    const complete = bytes === undefined ? whole : whole.subarray(0, findCompleteEnd(whole));
    if (!isUtf8(complete)) {
      const at = offset + findInvalidByte(complete);
      throw new RecoveryError('ROWS_INVALID', `${path} is not valid UTF-8 at byte ${at} (counted from 0)`, {
        details: { path, offset: at },
      });
    }
    offset += complete.length;
    carry = Buffer.from(whole.subarray(complete.length));
  };
}

/** Where the last character that is complete ends; at most three bytes may be left over. */
function findCompleteEnd(bytes: Buffer): number {
  for (let back = 1; back <= Math.min(3, bytes.length); back++) {
    const length = countCharacterBytes(bytes[bytes.length - back] ?? 0);
    if (length !== undefined) return back < length ? bytes.length - back : bytes.length;
  }
  return bytes.length;
}

/** How long the character is that a byte starts; undefined inside one. Of a byte that starts none, one. */
function countCharacterBytes(byte: number): number | undefined {
  if (byte >= 0x80 && byte < 0xc0) return undefined;
  if (byte < 0xc2 || byte > 0xf4) return 1;
  return byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
}

/** Where the first character that is not UTF-8 starts, by halving. */
function findInvalidByte(bytes: Buffer): number {
  let good = 0;
  let bad = bytes.length;
  while (bad - good > 1) {
    const middle = (good + bad) >> 1;
    if (isUtf8(bytes.subarray(0, findCompleteEnd(bytes.subarray(0, middle))))) good = middle;
    else bad = middle;
  }
  return findCompleteEnd(bytes.subarray(0, good));
}

/** Decodes text that holds one byte per character. Plain ASCII is returned as it is. */
export function decodeLatin1(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'latin1').toString('utf8');
}

/** Encodes text as one character per byte of its UTF-8 form. */
export function encodeLatin1(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: the range is all of ASCII
  return /^[\x00-\x7f]*$/.test(text) ? text : Buffer.from(text, 'utf8').toString('latin1');
}

/** The byte order mark of UTF-8, one character per byte. */
export const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf';
