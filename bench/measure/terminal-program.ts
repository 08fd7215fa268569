import pty from '@lydell/node-pty';
import { cleanEnvironment } from './run-program.ts';

/** A program on a terminal of its own (80x24), whose output is only looked at for what is waited for. */
export type TerminalProgram = AsyncDisposable & {
  /** Resolves with the time (`performance.now()`) when the text is in what came since the last call. */
  readonly waitFor: (text: string) => Promise<number>;
  readonly type: (keys: string) => void;
  /** How many bytes came until now. */
  readonly byteCount: () => number;
};

/** The program was silent for so long that it must hang. */
const LIMIT_MS = 30_000;

/** Starts Node.js with arguments on a terminal. */
export function startOnTerminal(args: readonly string[]): TerminalProgram {
  const program = pty.spawn(process.execPath, [...args], {
    cols: 80,
    rows: 24,
    name: 'xterm-256color',
    env: cleanEnvironment(),
  });
  let fresh = '';
  let byteCount = 0;
  let look = () => {};
  program.onData((data) => {
    fresh += data;
    byteCount += Buffer.byteLength(data);
    look();
  });
  const exited = new Promise<void>((resolve) => program.onExit(() => resolve()));
  return {
    waitFor: (text) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`waited for ${text} in ${fresh}`)), LIMIT_MS);
        look = () => {
          const at = fresh.indexOf(text);
          if (at < 0) return;
          clearTimeout(timer);
          look = () => {};
          fresh = fresh.slice(at + text.length);
          resolve(performance.now());
        };
        look();
      }),
    type: (keys) => program.write(keys),
    byteCount: () => byteCount,
    [Symbol.asyncDispose]: async () => {
      program.kill('SIGKILL');
      await exited;
    },
  };
}
