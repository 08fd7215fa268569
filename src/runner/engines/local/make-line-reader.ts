import { isUtf8 } from 'node:buffer';

/**
 * A line as it was read. `cutBytes` of its end were left out, 0 when it is whole; `isExact` is false when bytes of it
 * are no UTF-8 and were replaced.
 */
export type ReadLine = { readonly text: string; readonly cutBytes: number; readonly isExact: boolean };

/**
 * Takes output as it comes and calls back line by line; `end` gives what is left without a line end. `isMidLine` says
 * that a line was begun and not ended yet.
 */
export type LineReader = {
  readonly push: (bytes: Buffer) => void;
  readonly end: () => void;
  readonly isMidLine: () => boolean;
};

const NEWLINE = 0x0a;
/** UTF-16 code units become at most so many bytes of UTF-8 each. */
const BYTES_PER_UNIT = 3;

/**
 * Cuts output into lines in bounded memory: of a line longer than the limit only the beginning is kept.
 *
 * Shapes: UTF-8; line ends are `\n` or `\r\n`.
 * Errors: none; what was lost of a line is told with it.
 */
export function makeLineReader(limitBytes: number, onLine: (line: ReadLine) => void): LineReader {
  let carried: Buffer[] = [];
  let carriedBytes = 0;
  let cutBytes = 0;

  const carry = (bytes: Buffer) => {
    const kept = bytes.subarray(0, Math.max(0, limitBytes - carriedBytes));
    if (kept.length > 0) carried.push(kept);
    carriedBytes += kept.length;
    cutBytes += bytes.length - kept.length;
  };
  const emitCarried = () => {
    const bytes = carried.length === 1 && carried[0] ? carried[0] : Buffer.concat(carried);
    emit(bytes.toString('utf8'), cutBytes, cutBytes > 0 || isUtf8(bytes));
    carried = [];
    carriedBytes = 0;
    cutBytes = 0;
  };
  const emit = (text: string, cut: number, isExact: boolean) =>
    onLine({ text: text.endsWith('\r') ? text.slice(0, -1) : text, cutBytes: cut, isExact });
  /** The common case: many whole lines at once are decoded at once. */
  const emitWhole = (bytes: Buffer) => {
    if (!isUtf8(bytes)) return emitEach(bytes);
    for (const line of bytes.toString('utf8').split('\n')) {
      if (line.length * BYTES_PER_UNIT <= limitBytes) emit(line, 0, true);
      else emitLong(Buffer.from(line));
    }
  };
  const emitEach = (bytes: Buffer) => {
    for (let start = 0; start <= bytes.length; ) {
      const found = bytes.indexOf(NEWLINE, start);
      const end = found === -1 ? bytes.length : found;
      emitLong(bytes.subarray(start, end));
      start = end + 1;
    }
  };
  const emitLong = (bytes: Buffer) => {
    carry(bytes);
    emitCarried();
  };

  return {
    push(bytes) {
      const last = bytes.lastIndexOf(NEWLINE);
      if (last === -1) return carry(bytes);
      let start = 0;
      if (carriedBytes > 0) {
        start = bytes.indexOf(NEWLINE) + 1;
        carry(bytes.subarray(0, start - 1));
        emitCarried();
      }
      if (last >= start) emitWhole(bytes.subarray(start, last));
      carry(bytes.subarray(last + 1));
    },
    end() {
      if (carriedBytes > 0) emitCarried();
    },
    isMidLine: () => carriedBytes > 0,
  };
}
