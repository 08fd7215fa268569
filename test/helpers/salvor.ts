/** The real program as a process, in a process group of its own. */
import { spawn } from 'node:child_process';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { COMPILED } from './start-script.ts';

/** The file that starts Salvor. */
export const PROGRAM = fileURLToPath(new URL('../../bin/salvor.js', import.meta.url));

/** How a process ended and what it said. */
export type Ended = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
};

/** A process under way; its whole group is killed at the end of the scope (`await using`). */
export type RunningSalvor = AsyncDisposable & {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly said: () => { readonly stdout: string; readonly stderr: string };
  readonly signal: (name: NodeJS.Signals) => void;
  readonly signalGroup: (name: NodeJS.Signals) => void;
};

export type StartOptions = {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly uid?: number;
  /** Another script than Salvor itself. */
  readonly program?: string;
  /** Another Node.js than the tests' own. */
  readonly node?: string;
};

/** Commands of jobs are started by name: the tests' own Node.js comes first. */
const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;

/** Starts the program and does not wait. */
export function startSalvor(args: readonly string[], options: StartOptions = {}): RunningSalvor {
  const { cwd, env, uid, program = PROGRAM, node = process.execPath } = options;
  const child = spawn(node, [program, ...args], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    // Salvor finds a place for its own compiled modules.
    env: { ...process.env, PATH, ...(program !== PROGRAM && { NODE_COMPILE_CACHE: COMPILED }), ...env },
    ...(cwd !== undefined && { cwd }),
    ...(uid !== undefined && { uid, gid: uid }),
  });
  const said = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    child[stream].setEncoding('utf8').on('data', (text: string) => {
      said[stream] += text;
    });
  }
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    // What the process left behind may hold its output open: its own end is what counts.
    child.once('exit', (code, signal) => {
      const tell = () => resolve({ code, signal, ...said });
      child.once('close', tell);
      if (signal === 'SIGKILL') tell();
    });
  });
  const pid = child.pid ?? 0;
  const signalGroup = (name: NodeJS.Signals) => kill(-pid, name);
  return {
    pid,
    ended,
    said: () => said,
    signal: (name) => kill(pid, name),
    signalGroup,
    [Symbol.asyncDispose]: async () => {
      signalGroup('SIGKILL');
      await ended;
    },
  };
}

/** Runs the program to its end. */
export async function runSalvor(args: readonly string[], options: StartOptions = {}): Promise<Ended> {
  await using running = startSalvor(args, options);
  return await running.ended;
}

function kill(pid: number, name: NodeJS.Signals): void {
  if (Math.abs(pid) < 2) throw new Error('the process never started');
  try {
    process.kill(pid, name);
  } catch {
    // Gone already.
  }
}

/** The one JSON document on standard output; anything else there is an error. */
export function parseAnswer(ended: Ended): Readonly<Record<string, unknown>> {
  const lines = ended.stdout.split('\n');
  if (lines.length !== 2 || lines[1] !== '')
    throw new Error(`standard output is not one line:\n${ended.stdout}\n${ended.stderr}`);
  return JSON.parse(lines[0] ?? '');
}

/** A value inside a JSON document, by its path. */
export function pick(value: unknown, path: string): unknown {
  return path
    .split('.')
    .reduce<unknown>((inner, name) => (inner as Record<string, unknown> | undefined)?.[name], value);
}
