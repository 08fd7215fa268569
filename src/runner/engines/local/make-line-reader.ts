/** Takes output as it comes and calls back line by line; `end` gives what is left without a line end. */
export type LineReader = { readonly push: (bytes: Buffer) => void; readonly end: () => void };

const NEWLINE = 0x0a;

/**
 * Cuts output into lines in bounded memory: of a line longer than the limit only the beginning is kept.
 *
 * Shapes: UTF-8, bytes that are not are replaced; line ends are `\n` or `\r\n`; `cutBytes` tells how much of the line
 *         was left out, 0 when it is whole.
 * Errors: none.
 */
export function makeLineReader(limitBytes: number, onLine: (line: string, cutBytes: number) => void): LineReader {
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
    const line = carried.length === 1 ? carried[0] : Buffer.concat(carried);
    emit((line ?? Buffer.alloc(0)).toString('utf8'), cutBytes);
    carried = [];
    carriedBytes = 0;
    cutBytes = 0;
  };
  const emit = (line: string, cut: number) => onLine(line.endsWith('\r') ? line.slice(0, -1) : line, cut);
  /** The common case: many whole lines at once are decoded at once. */
  const emitWhole = (bytes: Buffer) => {
    for (const line of bytes.toString('utf8').split('\n')) {
      if (line.length > limitBytes) emit(line.slice(0, limitBytes), line.length - limitBytes);
      else emit(line, 0);
    }
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
  };
}
