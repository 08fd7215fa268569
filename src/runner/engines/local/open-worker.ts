import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { UnitWork } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import type { Environment } from '../../command/row-environment.ts';
import { describeSpawnError } from './describe-spawn-error.ts';
import { formatRequest } from './format-request.ts';
import type { LineStream, LocalEngineOptions } from './local-engine-options.ts';
import { makeLedger, type WorkerOutcome } from './make-ledger.ts';
import { makeLineReader } from './make-line-reader.ts';
import { describeRoot, endTree, killTree } from './process-tree.ts';

/** How a worker ended: what its rows are told, and how many it had answered before. */
export type WorkerEnd = { readonly error: JobError; readonly answeredCount: number; readonly asked: boolean };

/** A worker process. `submit` resolves to undefined when the row was never sent to it. */
export type Worker = {
  readonly submit: (work: UnitWork, onReceipt: (receipt: string) => Promise<void>) => Promise<WorkerOutcome>;
  readonly isOpen: () => boolean;
  readonly ended: Promise<WorkerEnd>;
  /** Ends its input, waits for it to finish, then ends it. */
  readonly close: () => Promise<void>;
  readonly kill: () => void;
};

/** Lines of a worker are read up to this length, results included. */
const LINE_LIMIT_BYTES = 1024 * 1024;
const CLOSE_GRACE_MS = 1000;
const END_GRACE_MS = 2000;
const FINISH_GRACE_MS = 5000;
/** Ends that prove that no row was read: no process came to be, or the shell found no command to run. */
const DID_NOTHING = /^(?:SPAWN_.*|EXIT_12[67])$/;

/**
 * Starts a worker: one long-lived process that gets rows as JSON lines and answers as JSON lines.
 *
 * Requests made in one go are written in one go; a full pipe is waited for. When the worker ends, rows it had in hand
 * are unknown and rows still waiting to be written are handed back.
 *
 * Units:  milliseconds.
 * Errors: none; a worker that cannot be started fails the rows given to it.
 * Source: contract, job files (worker protocol); design, rule 6.
 */
export function openWorker(options: LocalEngineOptions, args: readonly string[], environment: Environment): Worker {
  const { spec, runToken } = options;
  const note = (line: string) => options.onLine(undefined, 'note', line);
  const child = startProcess(args, spec.directory, environment);
  if ('code' in child) return refuseRows(child);
  const tree = { ...describeRoot(child.pid), runToken };
  let [isOpen, asked] = [true, false];
  let ending: Promise<unknown> | undefined;
  const stuck = Promise.withResolvers<JobError>();
  const ledger = makeLedger({
    ...(spec.timeoutMs !== undefined && { timeoutMs: spec.timeoutMs }),
    onTimeout: () => {
      // The effect may still be going on, and only the end of the process ends it; until then answers still count.
      isOpen = false;
      ending ??= endTree(tree, END_GRACE_MS).then((left) => {
        if (left.length > 0) stuck.resolve({ code: 'SIGNAL_SIGKILL', message: 'the worker could not be ended' });
      });
    },
    onText: (line, why) => options.onLine(undefined, 'stdout', why === undefined ? line : `${line} [ignored: ${why}]`),
  });
  const heard = listen(child, options, ledger.take);
  const outgoing = makeOutgoing(child);
  const exited = awaitExit(child, spec.directory, () => {
    isOpen = false;
    note('the worker is gone, its output is still held open by another process; that is ended');
    return endTree(tree, END_GRACE_MS);
  });
  const ended = Promise.race([exited, stuck.promise]).then(async (error) => {
    isOpen = false;
    // What a worker leaves behind may still be acting, and its rows may be given to the next one.
    await ending;
    if (!asked) await endTree(tree, END_GRACE_MS);
    const last = heard.lastErrorLine();
    const told = { ...error, message: last === undefined ? error.message : `${error.message}: ${last}` };
    if (heard.lineCount() === 0 && DID_NOTHING.test(error.code)) ledger.abandon(told, 'failed');
    for (const id of outgoing.takeBack()) ledger.takeBack(id);
    ledger.abandon({ ...told, code: 'WORKER_DIED' }, 'unknown');
    return { error: told, answeredCount: ledger.answeredCount(), asked };
  });
  return {
    submit(work, onReceipt) {
      const { id, outcome } = ledger.add(work, onReceipt);
      outgoing.push(id, formatRequest(id, work));
      return outcome;
    },
    isOpen: () => isOpen,
    ended,
    async close() {
      asked = true;
      isOpen = false;
      child.stdin?.end();
      const finished = await Promise.race([ended, delay(FINISH_GRACE_MS, undefined, { ref: false })]);
      if (!finished) await endTree(tree, END_GRACE_MS);
      await ended;
    },
    kill() {
      asked = true;
      isOpen = false;
      killTree(tree);
    },
  };
}

function startProcess(args: readonly string[], directory: string, environment: Environment): ChildProcess | JobError {
  try {
    return spawn('/bin/sh', args, { cwd: directory, env: environment, stdio: 'pipe' });
  } catch (thrown) {
    return describeSpawnError(thrown, directory);
  }
}

function refuseRows(error: JobError): Worker {
  return {
    submit: async () => ({ type: 'failed', error }),
    isOpen: () => false,
    ended: Promise.resolve({ error, answeredCount: 0, asked: false }),
    close: async () => {},
    kill: () => {},
  };
}

function listen(child: ChildProcess, { onLine }: LocalEngineOptions, take: (line: string) => void) {
  let lineCount = 0;
  let lastErrorLine: string | undefined;
  const tell = (stream: LineStream, line: string, cutBytes: number) =>
    onLine(undefined, stream, cutBytes === 0 ? line : `${line.slice(0, 1000)} [${cutBytes} bytes more, left out]`);
  const output = makeLineReader(LINE_LIMIT_BYTES, (line, cutBytes) => {
    lineCount += 1;
    if (cutBytes === 0) take(line);
    else tell('stdout', line, cutBytes);
  });
  const errors = makeLineReader(LINE_LIMIT_BYTES, (line, cutBytes) => {
    if (line.trim() !== '') lastErrorLine = line.slice(0, 1000);
    tell('stderr', line, cutBytes);
  });
  child.stdout?.on('data', output.push).on('close', output.end);
  child.stderr?.on('data', errors.push).on('close', errors.end);
  child.stdin?.on('error', () => {
    // A worker that is gone is told by its exit.
  });
  return { lineCount: () => lineCount, lastErrorLine: () => lastErrorLine };
}

/** Gathers requests and writes them when the turn is over, as long as the pipe takes them. */
function makeOutgoing(child: ChildProcess) {
  let waiting: { readonly id: number; readonly line: string }[] = [];
  let [scheduled, full] = [false, false];
  const flush = () => {
    scheduled = false;
    if (full || waiting.length === 0 || !child.stdin?.writable) return;
    const text = waiting.map(({ line }) => line).join('');
    waiting = [];
    full = !child.stdin.write(text);
  };
  child.stdin?.on('drain', () => {
    full = false;
    flush();
  });
  return {
    push(id: number, line: string) {
      waiting.push({ id, line });
      if (scheduled) return;
      scheduled = true;
      process.nextTick(flush);
    },
    /** Ids of the requests that were never written. */
    takeBack: () => waiting.splice(0).map(({ id }) => id),
  };
}

/** Resolves when the worker is gone and all it said was read. */
function awaitExit(child: ChildProcess, directory: string, endRest: () => Promise<unknown>): Promise<JobError> {
  return new Promise((resolve) => {
    child.once('error', (thrown) => {
      if (child.pid === undefined) resolve(describeSpawnError(thrown, directory));
    });
    child.once('exit', (exitCode, signal) => {
      const error =
        signal === null
          ? { code: `EXIT_${exitCode}`, message: `the worker ended with exit code ${exitCode}` }
          : { code: `SIGNAL_${signal}`, message: `the worker was ended by ${signal}` };
      const grace = setTimeout(() => {
        void endRest().then(() => {
          child.stdout?.destroy();
          child.stderr?.destroy();
        });
      }, CLOSE_GRACE_MS);
      child.once('close', () => {
        clearTimeout(grace);
        resolve(error);
      });
    });
  });
}
