import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import type { UnitWork } from '../../../core/execution/unit-engine.ts';
import type { JobError } from '../../../core/job/schema.ts';
import { openMark } from '../../../platform/open-mark.ts';
import type { Environment } from '../../command/row-environment.ts';
import { describeSpawnError } from './describe-spawn-error.ts';
import { formatRequest } from './format-request.ts';
import type { LineStream, LocalEngineOptions } from './local-engine-options.ts';
import { makeLedger, type WorkerOutcome } from './make-ledger.ts';
import { makeLineReader, type ReadLine } from './make-line-reader.ts';
import { makeOutgoing } from './make-outgoing.ts';
import { describeRoot, endTree, killTree, type ProcessTree } from './process-tree.ts';

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

/** Lines of a worker are read up to this length, results included. Source: cookbook, a worker for all rows. */
const LINE_LIMIT_BYTES = 1024 * 1024;
const OUTPUT_HELD = 'the worker is gone, its output is still held open by another process; that is ended';
const CLOSE_GRACE_MS = 1000;
const END_GRACE_MS = 2000;
const FINISH_GRACE_MS = 5000;
/** How long the rest of a line is waited for before a row is taken for failed. A prompt never ends its line. */
const LINE_REST_MS = 100;
/** Ends that prove that no row was read: no process came to be, or the shell found no command to run. */
const DID_NOTHING = /^(?:SPAWN_.*|EXIT_12[67])$/;

/**
 * Starts a worker: one long-lived process that gets rows as JSON lines and answers as JSON lines.
 *
 * Requests made in one go are written in one go; a full pipe is waited for. When the worker ends, rows it had in hand
 * are unknown and rows still waiting to be written are handed back. One that breaks the protocol, or closes its input
 * or output and lives on, is ended.
 *
 * Units:  milliseconds.
 * Errors: none; a worker that cannot be started fails the rows given to it.
 * Source: contract, job files (worker protocol); design, rule 6; decisions/0020.
 */
export function openWorker(options: LocalEngineOptions, args: readonly string[], environment: Environment): Worker {
  const { program, runToken } = options;
  const child = startProcess(options, args, environment);
  if ('code' in child) return refuseRows(child);
  const tree = { ...describeRoot(child.pid), runToken };
  let [isOpen, asked] = [true, false];
  let ending: Promise<unknown> | undefined;
  let fault: JobError | undefined;
  const stuck = Promise.withResolvers<JobError>();
  // The effect may still be going on, and only the end of the process ends it.
  const endNow = () => {
    isOpen = false;
    ending ??= endTree(tree, END_GRACE_MS).then((left) => {
      if (left.length > 0) stuck.resolve({ code: 'SIGNAL_SIGKILL', message: 'the worker could not be ended' });
    });
  };
  const onFault = (code: string, message: string) => {
    if (asked) return;
    fault ??= { code, message };
    endNow();
  };
  const ledger = makeLedger({
    ...(program.timeoutMs !== undefined && { timeoutMs: program.timeoutMs }),
    ...(options.onTakenBack && { onTakenBack: options.onTakenBack }),
    // Until it is gone its answers still count.
    onTimeout: endNow,
    onBroken: (why) => onFault('WORKER_PROTOCOL', `the worker broke the protocol: ${why}`),
    onText: (line, why) => options.onLine(undefined, 'stdout', formatLine(line, why)),
    afterRead: (then) => afterRead(() => heard.isMidLine(), then),
  });
  const heard = listen(child, options, ledger.take);
  const outgoing = makeOutgoing(child, {
    beforeWrite: async () => options.checkHeld?.(),
    onRefused: (ids, reason) => {
      for (const id of ids) ledger.refuse(id, reason);
    },
  });
  watchStreams(child, onFault);
  const exited = awaitExit(child, program.directory, () => {
    isOpen = false;
    options.onLine(undefined, 'note', OUTPUT_HELD);
    return endTree(tree, END_GRACE_MS);
  });
  const ended = Promise.race([exited, stuck.promise]).then(async (error) => {
    isOpen = false;
    // What a worker leaves behind may still be acting, and its rows may be given to the next one.
    await ending;
    if (!asked) await endTree(tree, END_GRACE_MS);
    const told = fault ?? describeEnd(error, heard.lastErrorLine());
    if (!fault && heard.lineCount() === 0 && DID_NOTHING.test(error.code)) ledger.abandon(told, 'failed');
    for (const id of outgoing.takeBack()) ledger.takeBack(id);
    ledger.abandon(fault ?? { ...told, code: 'WORKER_DIED' }, 'unknown');
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
      await finish(child, ended, tree);
    },
    kill() {
      asked = true;
      isOpen = false;
      killTree(tree);
    },
  };
}

async function finish(child: ChildProcess, ended: Promise<WorkerEnd>, tree: ProcessTree): Promise<void> {
  child.stdin?.end();
  const finished = await Promise.race([ended, delay(FINISH_GRACE_MS, undefined, { ref: false })]);
  if (!finished) await endTree(tree, END_GRACE_MS);
  await ended;
}

function startProcess(
  { program, runToken, markDirectory }: LocalEngineOptions,
  args: readonly string[],
  environment: Environment,
): ChildProcess | JobError {
  const mark = openMark(markDirectory, { runToken });
  try {
    return spawn('/bin/sh', args, {
      cwd: program.directory,
      env: environment,
      stdio: ['pipe', 'pipe', 'pipe', mark?.descriptor ?? 'ignore'],
    });
  } catch (thrown) {
    return describeSpawnError(thrown, program.directory);
  } finally {
    mark?.close();
  }
}

function describeEnd(error: JobError, lastErrorLine: string | undefined): JobError {
  return { ...error, message: lastErrorLine === undefined ? error.message : `${error.message}: ${lastErrorLine}` };
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

/** A line as it is told: its beginning, what was left out, and why it is not an answer. */
function formatLine({ text, cutBytes }: ReadLine, why?: string): string {
  const shown = cutBytes === 0 ? text : `${text.slice(0, 1000)} [${cutBytes} bytes more, left out]`;
  return why === undefined ? shown : `${shown} [ignored: ${why}]`;
}

function listen(child: ChildProcess, { onLine }: LocalEngineOptions, take: (line: ReadLine) => void) {
  let lineCount = 0;
  let lastErrorLine: string | undefined;
  const tell = (stream: LineStream, line: ReadLine) => onLine(undefined, stream, formatLine(line));
  const output = makeLineReader(LINE_LIMIT_BYTES, (line) => {
    lineCount += 1;
    take(line);
  });
  const errors = makeLineReader(LINE_LIMIT_BYTES, (line) => {
    if (line.text.trim() !== '') lastErrorLine = line.text.slice(0, 1000);
    tell('stderr', line);
  });
  child.stdout?.on('data', output.push).on('close', output.end);
  child.stderr?.on('data', errors.push).on('close', errors.end);
  return { lineCount: () => lineCount, lastErrorLine: () => lastErrorLine, isMidLine: output.isMidLine };
}

/**
 * Calls back when what the worker had written by now was read: the chunk in hand, what waited behind it, and the rest
 * of a line that it has begun, when that comes soon.
 */
function afterRead(isMidLine: () => boolean, then: () => void): void {
  const startedMs = performance.now();
  const look = () => {
    if (isMidLine() && performance.now() - startedMs < LINE_REST_MS) setTimeout(look, LINE_REST_MS / 10);
    else then();
  };
  // The first comes after the chunk in hand, the second after one more turn of reading.
  setImmediate(() => setImmediate(look));
}

/** Tells of a worker that closed its input or output and did not end: it would be waited for without end. */
function watchStreams(child: ChildProcess, onFault: (code: string, message: string) => void): void {
  const isGone = () => child.exitCode !== null || child.signalCode !== null;
  const after = (code: string, message: string) => {
    // Its exit is told a moment after its streams are closed.
    const timer = setTimeout(() => {
      if (!isGone()) onFault(code, message);
    }, CLOSE_GRACE_MS);
    child.once('exit', () => clearTimeout(timer));
  };
  child.stdout?.once('end', () => after('WORKER_OUTPUT_CLOSED', 'the worker closed its output and lived on'));
  child.stdin?.once('error', () => after('WORKER_INPUT_CLOSED', 'the worker closed its input and lived on'));
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
