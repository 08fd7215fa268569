/** A real program on a real terminal (PTY), seen through the emulator. */
import pty from '@lydell/node-pty';
import { type Emulator, makeEmulator, type Size } from './emulator.ts';
import { WAIT_LIMIT_MS } from './waiter.ts';

/** How to start the program. `env` is added to this process's, with CI removed and TERM set. */
export type PtyOptions = Size & {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
};

/** How a program ended. */
export type PtyExit = { readonly code: number; readonly signal: number | undefined };

export type Pty = Emulator & {
  readonly pid: number;
  /** Types, all in one write: the program gets it in one read. */
  readonly type: (keys: string) => void;
  /** Resolves when the program has ended and all its output is on the screen. */
  readonly exited: () => Promise<PtyExit>;
  readonly kill: (signal: string) => void;
};

/** Starts `command` on a terminal of its own. End it in a `finally` with `dispose`. */
export function openPty(command: string, args: readonly string[], options: PtyOptions): Pty {
  const { columns, rows, cwd, env } = options;
  const emulator = makeEmulator({ columns, rows });
  const program = pty.spawn(command, [...args], {
    cols: columns,
    rows,
    name: env?.['TERM'] ?? 'xterm-256color',
    ...(cwd === undefined ? {} : { cwd }),
    env: withoutAbsent({ ...process.env, CI: undefined, ...env }),
  });
  let written: Promise<void> = Promise.resolve();
  program.onData((data) => {
    written = emulator.write(data);
  });
  emulator.onReply((data) => program.write(data));
  const ended = Promise.withResolvers<PtyExit>();
  let isEnded = false;
  program.onExit(({ exitCode, signal }) => {
    isEnded = true;
    ended.resolve({ code: exitCode, signal: signal === 0 ? undefined : signal });
  });
  return {
    ...emulator,
    pid: program.pid,
    type: (keys) => program.write(keys),
    resize: (size) => {
      emulator.resize(size);
      program.resize(size.columns, size.rows);
    },
    exited: async () => {
      const exit = await withLimit(ended.promise, emulator);
      await written;
      return exit;
    },
    kill: (signal) => program.kill(signal),
    dispose: () => {
      if (!isEnded) program.kill('SIGKILL');
      emulator.dispose();
    },
  };
}

/** A variable that is absent must not become the text `undefined`. */
function withoutAbsent(env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

async function withLimit<T>(work: Promise<T>, emulator: Emulator): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => reject(new Error(`still running, with this screen:\n${emulator.screen()}`)),
    WAIT_LIMIT_MS,
  );
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
