import { type ChildProcess, spawn } from 'node:child_process';
import { finished } from 'node:stream/promises';
import { RecoveryError } from '../../core/errors.ts';
import { openMark } from '../../platform/open-mark.ts';

/** How a process ended: one of the two. */
export type ProcessEnd = { readonly exitCode?: number; readonly signal?: string };

/** A trainer whose process is there and whose command has not begun. One of the two lets go of it. */
export type HeldTrainer = {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** Lets the command begin. */
  readonly go: () => Promise<void>;
  /** Ends the process: its command never begins. */
  readonly drop: () => Promise<void>;
  readonly unref: () => void;
};

/** What a trainer is started with. `output` is where it writes; `markDirectory` is where files can be made. */
export type HeldOptions = {
  readonly command: string;
  readonly output: 'inherit' | number;
  readonly environment: NodeJS.ProcessEnv;
  readonly runToken: string;
  readonly markDirectory: string;
};

/** Descriptor 3 is the mark, 4 says go. The shell becomes the one that has the command: its process stays the same. */
const GATE = 4;
const SCRIPT = `IFS= read -r go <&${GATE} && exec ${GATE}<&- && exec /bin/sh -c "$1"`;

/**
 * Starts the process of a trainer in a session of its own and holds its command back, so that what it is known by can be
 * recorded first: when this process dies before it says go, the command never begins.
 *
 * Errors: RUN_FAILED when no shell can be started.
 * Source: decisions/0021; design, durable execution (the intent is on disk before the effect).
 */
export async function holdTrainer(options: HeldOptions): Promise<HeldTrainer> {
  const { command, output, environment, runToken, markDirectory } = options;
  const mark = openMark(markDirectory, { runToken });
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', ['-c', SCRIPT, '/bin/sh', command], {
      detached: true,
      stdio: ['ignore', output, output, mark?.descriptor ?? 'ignore', 'pipe'],
      env: environment,
    });
  } finally {
    mark?.close();
  }
  const ended = awaitEnd(child);
  await awaitStart(child);
  const gate = child.stdio[GATE];
  const close = async (word: string): Promise<void> => {
    if (!gate || !('end' in gate)) return;
    gate.end(word);
    // A process that was ended meanwhile reads nothing; how it ended is told.
    await finished(gate, { readable: false }).catch(() => {});
    gate.destroy();
  };
  return {
    pid: child.pid ?? 0,
    ended,
    go: () => close('go\n'),
    async drop() {
      await close('');
      await ended;
    },
    unref: () => child.unref(),
  };
}

/** Resolves once a process is there. Errors: RUN_FAILED when it cannot be started. */
export function awaitStart(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve());
    child.once('error', (cause) =>
      reject(new RecoveryError('RUN_FAILED', `the trainer cannot be started: ${cause.message}`, { cause })),
    );
  });
}

/** Resolves with how a process ended. Errors: none. */
export function awaitEnd(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve({ ...(code !== null && { exitCode: code }), ...(signal !== null && { signal }) });
    });
  });
}
