/** Reads lines from a terminal in its ordinary (cooked) mode, one question at a time. */
import type { TerminalInput } from '../terminal/key-gate.ts';

export type LineReader = {
  /** The next line without its end, or `undefined` when the input has ended or reading was given up. */
  readonly next: () => Promise<string | undefined>;
  /** Gives up reading: every question is answered with `undefined`. */
  readonly close: () => void;
};

/** Makes a reader of `input`. Lines that come before they are asked for are kept, in order. */
export function makeLineReader(input: TerminalInput): LineReader {
  const lines: string[] = [];
  let partial = '';
  let isEnded = false;
  let waiting: ((line: string | undefined) => void) | undefined;
  const offer = (): void => {
    if (waiting === undefined || (lines.length === 0 && !isEnded)) return;
    const answer = waiting;
    waiting = undefined;
    answer(lines.shift());
  };
  const onData = (chunk: string | Buffer): void => {
    const parts = (partial + chunk.toString()).split(/\r\n|\r|\n/u);
    partial = parts.pop() ?? '';
    lines.push(...parts);
    offer();
  };
  const onEnd = (): void => {
    isEnded = true;
    offer();
  };
  input.setEncoding('utf8');
  input.on('data', onData);
  input.on('end', onEnd);
  return {
    next: () =>
      new Promise((resolve) => {
        waiting = resolve;
        offer();
      }),
    close: () => {
      input.off('data', onData);
      input.off('end', onEnd);
      input.pause();
      onEnd();
    },
  };
}
