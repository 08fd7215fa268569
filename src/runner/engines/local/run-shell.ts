import { type ChildProcess, spawn } from 'node:child_process';
import type { JobError } from '../../../core/job/schema.ts';
import type { Environment } from '../../command/row-environment.ts';
import { describeSpawnError } from './describe-spawn-error.ts';
import { makeLineReader } from './make-line-reader.ts';
import { describeRoot, endTree, killTree, type ProcessTree } from './process-tree.ts';

/** A command to run: arguments of the shell, and what it is given and listened to. */
export type ShellRun = {
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Environment;
  readonly input: string;
  readonly timeoutMs?: number;
  readonly runToken: string;
  readonly unitNumber: number;
  readonly onLine: (stream: 'stdout' | 'stderr' | 'note', line: string, cutBytes: number) => void;
};

/** How a command ended. `not_started` is proof that it did nothing. */
export type ShellEnd =
  | { readonly type: 'exited'; readonly exitCode: number }
  | { readonly type: 'signalled'; readonly signal: string }
  | { readonly type: 'timed_out'; readonly durationMs: number; readonly survivors: number }
  | { readonly type: 'not_started'; readonly error: JobError };

/** A command under way; `kill` ends it and its children at once. */
export type RunningShell = { readonly ended: Promise<ShellEnd>; readonly kill: () => void };

/** Lines of commands are kept up to this length. */
const LINE_LIMIT_BYTES = 64 * 1024;
/** How long output is waited for after the command itself has ended. */
const CLOSE_GRACE_MS = 1000;
/** How long a command that timed out has to end by itself. */
const END_GRACE_MS = 2000;

/**
 * Runs a command in the runner's own process group, so that a group that is killed is killed whole. All its output is
 * read, whatever its amount; a command that does not read its input is fine.
 *
 * Units:  milliseconds.
 * Errors: none; what went wrong is the end.
 * Source: contract, job files (command, timeout); design, durable execution.
 */
export function runShell(run: ShellRun): RunningShell {
  let child: ChildProcess;
  try {
    child = spawn('/bin/sh', run.args, { cwd: run.directory, env: run.environment, stdio: 'pipe' });
  } catch (thrown) {
    const error = describeSpawnError(thrown, run.directory);
    return { ended: Promise.resolve({ type: 'not_started', error }), kill: () => {} };
  }
  const tree = { ...describeRoot(child.pid), runToken: run.runToken, unitNumber: run.unitNumber };
  listen(child, run);
  child.stdin?.on('error', () => {
    // The command ended, or closed its input, without reading it all; that is its own choice.
  });
  child.stdin?.end(run.input);
  return { ended: awaitEnd(child, run, tree), kill: () => killTree(tree) };
}

function listen(child: ChildProcess, run: ShellRun): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const reader = makeLineReader(LINE_LIMIT_BYTES, (line, cutBytes) => run.onLine(stream, line, cutBytes));
    child[stream]?.on('data', reader.push);
    child[stream]?.on('end', reader.end);
    child[stream]?.on('close', reader.end);
  }
}

function awaitEnd(child: ChildProcess, run: ShellRun, tree: ProcessTree): Promise<ShellEnd> {
  return new Promise((resolve) => {
    let end: ShellEnd | undefined;
    let timedOut = false;
    const timer =
      run.timeoutMs === undefined ? undefined : setTimeout(() => void expire(run.timeoutMs ?? 0), run.timeoutMs);
    const expire = async (durationMs: number) => {
      timedOut = true;
      const survivors = await endTree(tree, END_GRACE_MS);
      closeOutput(child);
      resolve({ type: 'timed_out', durationMs, survivors: survivors.length });
    };
    child.once('error', (thrown) => {
      // After the start only a failed signal is told here, and it changes nothing.
      if (child.pid !== undefined) return;
      clearTimeout(timer);
      resolve({ type: 'not_started', error: describeSpawnError(thrown, run.directory) });
    });
    child.once('exit', (exitCode, signal) => {
      clearTimeout(timer);
      end = signal === null ? { type: 'exited', exitCode: exitCode ?? 0 } : { type: 'signalled', signal };
      const grace = setTimeout(() => {
        run.onLine('note', 'its output is still held open by another process and is not waited for', 0);
        closeOutput(child);
      }, CLOSE_GRACE_MS);
      child.once('close', () => clearTimeout(grace));
    });
    child.once('close', async () => {
      if (!end || timedOut) return;
      // The shell alone may have been hit: what it had started could still be acting.
      if (end.type === 'signalled') await endTree(tree, END_GRACE_MS);
      resolve(end);
    });
  });
}

function closeOutput(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}
