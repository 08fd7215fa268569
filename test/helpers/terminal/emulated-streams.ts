/** Terminal streams for a console inside the test process: output goes to an emulator, input comes from the test. */
import { PassThrough, Writable } from 'node:stream';
import type { TerminalInput } from '../../../src/ui/terminal/key-gate.ts';
import { type Emulator, makeEmulator, type Size } from './emulator.ts';

export type EmulatedStreams = Emulator & {
  readonly stdin: TerminalInput;
  readonly stdout: Writable & { readonly isTTY: true; columns: number; rows: number };
  /** Types, all in one read. */
  readonly type: (keys: string) => void;
  /** Bytes written so far. */
  readonly byteCount: () => number;
  readonly isRaw: () => boolean;
};

/** Makes a terminal of `size`. Write callbacks are called, so Ink's flushes resolve. */
export function makeEmulatedStreams(size: Size): EmulatedStreams {
  const emulator = makeEmulator({ ...size, isDirect: true });
  let byteCount = 0;
  let isRaw = false;
  const sink = new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _encoding, done) {
      const text = chunk.toString();
      byteCount += Buffer.byteLength(text);
      void emulator.write(text).then(() => done());
    },
  });
  const stdout = Object.assign(sink, { isTTY: true as const, columns: size.columns, rows: size.rows });
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true as const,
    setRawMode: (raw: boolean): void => {
      isRaw = raw;
    },
    ref: () => undefined,
    unref: () => undefined,
  });
  return {
    ...emulator,
    stdin,
    stdout,
    type: (keys) => stdin.write(keys),
    resize: ({ columns, rows }) => {
      emulator.resize({ columns, rows });
      stdout.columns = columns;
      stdout.rows = rows;
      stdout.emit('resize');
    },
    byteCount: () => byteCount,
    isRaw: () => isRaw,
  };
}
