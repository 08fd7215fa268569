/** A Node.js process that runs a module given as text, with the project's own modules within reach. */
import { type ChildProcess, spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Where modules of the project are imported from inside a script. */
export const SRC = new URL('../../src', import.meta.url).href;

/** The same modules are read by script after script; compiled once they take a quarter of the processor time. */
export const COMPILED = join(tmpdir(), `salvor-test-compiled-${process.getuid?.()}`);

/** How a script ended and what it said. */
export type ScriptEnded = {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly text: string;
};

/** A script under way; it is killed at the end of the scope (`await using`). */
export type RunningScript = AsyncDisposable & {
  readonly pid: number;
  readonly ended: Promise<ScriptEnded>;
  /** Resolves once a text was printed; rejects when the script ends without it. */
  readonly says: (text: string) => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
};

/** `fileBlocks` limits how large a file may be written, in blocks of 512 or 1024 bytes. */
export type ScriptOptions = { readonly fileBlocks?: number; readonly env?: Readonly<Record<string, string>> };

/** Starts a script. */
export function startScript(source: string, options: ScriptOptions = {}): RunningScript {
  const command = [process.execPath, '--input-type=module', '-e', source];
  const limited =
    options.fileBlocks === undefined ? [] : ['sh', '-c', `ulimit -f ${options.fileBlocks}; exec "$0" "$@"`];
  const [file = '', ...args] = [...limited, ...command];
  const env = { ...process.env, NODE_COMPILE_CACHE: COMPILED, ...options.env };
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'], env });
  let text = '';
  const waiting = new Set<() => void>();
  const hear = (chunk: string) => {
    text += chunk;
    for (const look of [...waiting]) look();
  };
  child.stdout.setEncoding('utf8').on('data', hear);
  child.stderr.setEncoding('utf8').on('data', hear);
  const ended = awaitEnd(child, () => text);
  return {
    pid: child.pid ?? 0,
    ended,
    says: (wanted) =>
      new Promise((resolve, reject) => {
        const look = () => {
          if (!text.includes(wanted)) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
        void ended.then((end) => reject(new Error(`ended (${end.code ?? end.signal}) without '${wanted}': ${text}`)));
      }),
    signal: (name) => void child.kill(name),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Runs a script to its end. */
export async function runScript(source: string, options: ScriptOptions = {}): Promise<ScriptEnded> {
  await using script = startScript(source, options);
  return await script.ended;
}

function awaitEnd(child: ChildProcess, text: () => string): Promise<ScriptEnded> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal, text: text() }));
  });
}
