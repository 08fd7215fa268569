/** How many names are remembered; a power of two. */
const SLOT_COUNT = 4096;

/** Longer keys are decoded each time. */
const REMEMBERED_BYTES = 64;

/** Turns the bytes of a key without escapes into text. Keys that come again cost no new text. */
export type KeyNames = (bytes: Uint8Array, from: number, to: number) => string;

/** Makes a decoder that remembers names. */
export function makeKeyNames(): KeyNames {
  const slots: (string | undefined)[] = new Array(SLOT_COUNT);
  return (bytes, from, to) => {
    if (to - from > REMEMBERED_BYTES) return decode(bytes, from, to);
    let sum = 0;
    for (let at = from; at < to; at++) sum = (Math.imul(sum, 31) + (bytes[at] ?? 0)) | 0;
    const slot = (sum ^ (sum >>> 12)) & (SLOT_COUNT - 1);
    const known = slots[slot];
    if (known !== undefined && isSame(known, bytes.subarray(from, to))) return known;
    const name = decode(bytes, from, to);
    slots[slot] = name;
    return name;
  };
}

/** Compares byte by character, which is right for ASCII; any other name is never found to be the same. */
function isSame(name: string, bytes: Uint8Array): boolean {
  if (name.length !== bytes.length) return false;
  for (let at = 0; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte >= 0x80 || name.charCodeAt(at) !== byte) return false;
  }
  return true;
}

function decode(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('utf8');
}
