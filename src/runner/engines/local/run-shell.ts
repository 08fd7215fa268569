import { type ChildProcess, spawn } from 'node:child_process';
import type { JobError } from '../../../core/job/schema.ts';
import { endProcesses, isAlive } from '../../../platform/end-processes.ts';
import { openMark } from '../../../platform/open-mark.ts';
import type { Environment } from '../../command/row-environment.ts';
import { describeSpawnError } from './describe-spawn-error.ts';
import { findStrays } from './find-strays.ts';
import type { LineStream } from './local-engine-options.ts';
import { makeLineReader, type ReadLine } from './make-line-reader.ts';
import { describeRoot, endTree, findRest, killTree, type ProcessTree } from './process-tree.ts';

/** A command to run: arguments of the shell, and what it is given and listened to. */
export type ShellRun = {
  readonly args: readonly string[];
  readonly directory: string;
  readonly environment: Environment;
  readonly input: string;
  readonly timeoutMs?: number;
  readonly runToken: string;
  readonly unitNumber: number;
  readonly markDirectory?: string;
  /** It changes nothing, so that all it has to say is waited for before what it left is ended. */
  readonly isLook?: true;
  readonly onLine: (stream: LineStream, line: ReadLine) => void;
};

/**
 * How a command ended. `not_started` is proof that it did nothing. `isOutputWhole` is false when another process still
 * held its output open; `survivors` is how many processes of it could not be ended.
 */
export type ShellEnd =
  | { readonly type: 'exited'; readonly exitCode: number; readonly isOutputWhole: boolean }
  | { readonly type: 'signalled'; readonly signal: string; readonly survivors: number }
  | { readonly type: 'timed_out'; readonly durationMs: number; readonly survivors: number }
  | { readonly type: 'not_started'; readonly error: JobError };

/**
 * What outlived a command: one line for each process, and how many of them could not be ended. `suspects` are those that
 * may be of it or not; they are left alone.
 */
export type Rest = {
  readonly processes: readonly string[];
  readonly survivors: number;
  readonly suspects: readonly string[];
};

/** A command under way; `kill` ends it and its children at once. */
export type RunningShell = {
  readonly ended: Promise<ShellEnd>;
  readonly kill: () => void;
  /** Ends what is left of the command after its end. */
  readonly endRest: () => Promise<Rest>;
};

/** Lines of commands are read up to this length. Source: cookbook, a command per row. */
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
  const mark = openMark(run.markDirectory, run);
  try {
    const stdio = ['pipe', 'pipe', 'pipe', mark?.descriptor ?? 'ignore'] as const;
    child = spawn('/bin/sh', run.args, { cwd: run.directory, env: run.environment, stdio: [...stdio] });
  } catch (thrown) {
    const error = describeSpawnError(thrown, run.directory);
    const nothing = async () => ({ processes: [], survivors: 0, suspects: [] });
    return { ended: Promise.resolve({ type: 'not_started', error }), kill: () => {}, endRest: nothing };
  } finally {
    mark?.close();
  }
  const tree = { ...describeRoot(child.pid), runToken: run.runToken, unitNumber: run.unitNumber };
  listen(child, run);
  child.stdin?.on('error', () => {
    // The command ended, or closed its input, without reading it all; that is its own choice.
  });
  child.stdin?.end(run.input);
  let resting: Promise<Rest> | undefined;
  const endRestOnce = () => {
    resting ??= endRest(tree);
    return resting;
  };
  // What outlives a command that says it did nothing is looked for at once: it may act, and be gone, while its output
  // is still waited for.
  child.once('exit', (exitCode) => {
    if (exitCode !== null && exitCode !== 0 && !run.isLook) void endRestOnce();
  });
  return { ended: awaitEnd(child, run, tree), kill: () => killTree(tree), endRest: endRestOnce };
}

async function endRest(tree: ProcessTree): Promise<Rest> {
  const found = findRest(tree);
  const { strays, isOurs } = tree.root ? findStrays(tree.root, tree.runToken) : { strays: [], isOurs: false };
  const left = found.length === 0 ? [] : await endTree(tree, END_GRACE_MS);
  const leftOfStrays = isOurs ? await endProcesses(strays, END_GRACE_MS) : [];
  return {
    processes: (isOurs ? [...found, ...strays] : found).map(describeProcess),
    survivors: left.length + leftOfStrays.length,
    // What ended with the rest was of it.
    suspects: isOurs ? [] : strays.filter(isAlive).map(describeProcess),
  };
}

function describeProcess({ pid, command }: { readonly pid: number; readonly command: string }): string {
  return `${pid} (${command})`;
}

function listen(child: ChildProcess, run: ShellRun): void {
  for (const stream of ['stdout', 'stderr'] as const) {
    const reader = makeLineReader(LINE_LIMIT_BYTES, (line) => run.onLine(stream, line));
    child[stream]?.on('data', reader.push);
    child[stream]?.on('end', reader.end);
    child[stream]?.on('close', reader.end);
  }
}

function awaitEnd(child: ChildProcess, run: ShellRun, tree: ProcessTree): Promise<ShellEnd> {
  return new Promise((resolve) => {
    let end: { readonly exitCode: number; readonly signal: NodeJS.Signals | null } | undefined;
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
    let isOutputWhole = true;
    child.once('exit', (exitCode, signal) => {
      clearTimeout(timer);
      end = { exitCode: exitCode ?? 0, signal };
      const grace = setTimeout(() => {
        isOutputWhole = false;
        run.onLine('note', { text: OUTPUT_HELD, cutBytes: 0, isExact: true });
        closeOutput(child);
      }, CLOSE_GRACE_MS);
      child.once('close', () => clearTimeout(grace));
    });
    child.once('close', async () => {
      if (!end || timedOut) return;
      const { exitCode, signal } = end;
      if (signal === null) return resolve({ type: 'exited', exitCode, isOutputWhole });
      // The shell alone may have been hit: what it had started could still be acting.
      const survivors = await endTree(tree, END_GRACE_MS);
      resolve({ type: 'signalled', signal, survivors: survivors.length });
    });
  });
}

const OUTPUT_HELD = 'its output is still held open by another process and is not waited for';

function closeOutput(child: ChildProcess): void {
  child.stdout?.destroy();
  child.stderr?.destroy();
}
