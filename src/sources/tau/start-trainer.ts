import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import type { CheckpointEvidence } from '../../core/evidence/control-schema.ts';
import type { StopSignal } from '../../core/ports.ts';
import { RUN_TOKEN_VARIABLE } from '../../platform/find-run-processes.ts';
import { TRAINER_OF_VARIABLE } from './find-trainers.ts';
import { describeUnwritable } from './record-action.ts';

/** A trainer that was started. `ended` resolves with its exit code, or the signal that ended it. */
export type Trainer = {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** Asks the trainer and its children to stop. */
  readonly stop: (signal: StopSignal) => void;
  /** No longer waits for it: it goes on by itself. */
  readonly release: () => void;
};

/** How a process ended: one of the two. */
export type ProcessEnd = { readonly exitCode?: number; readonly signal?: string };

/** What a trainer is started with. `checkpoint` is the one to go on from, when there is one. */
export type TrainerOptions = {
  readonly command: string;
  readonly directory: string;
  readonly logPath: string;
  readonly runToken: string;
  readonly checkpoint?: CheckpointEvidence;
  /** Nobody waits for it: a process of its own does, and records how it ended. */
  readonly watch?: TrainerWatch;
};

/** What the process beside a trainer is asked to start, and where it keeps how that ended. */
export type WatchRequest = { readonly command: string; readonly recordPath: string; readonly actionId: string };

/** Who stays beside a trainer for which nobody waits: the program that starts Salvor, and where the end is recorded. */
export type TrainerWatch = { readonly programPath: string; readonly recordPath: string; readonly actionId: string };

/**
 * Starts the operator's command in a session of its own, its output going to a log: it outlives Salvor and the
 * terminal. The checkpoint is named in its environment: SALVOR_CHECKPOINT and what is known of it.
 *
 * Errors: RUN_FAILED when no shell can be started.
 * Source: design, durable execution; formats/tau 4.8 (a checkpoint is reported there, and nothing is started).
 */
export async function startTrainer(options: TrainerOptions): Promise<Trainer> {
  const log = openLog(options.logPath);
  try {
    if (options.watch) return await startWatched(options, { watch: options.watch, log });
    const child = spawn('/bin/sh', ['-c', options.command], {
      detached: true,
      stdio: ['ignore', log, log],
      env: makeEnvironment(options),
    });
    const ended = awaitEnd(child);
    await awaitStart(child);
    const pid = child.pid ?? 0;
    return { pid, ended, stop: (signal) => signalGroup(pid, signal), release: () => child.unref() };
  } finally {
    closeSync(log);
  }
}

/** Errors: RUN_FAILED when the process that stays beside it cannot be started, or ends without having started it. */
async function startWatched(
  options: TrainerOptions,
  { watch, log }: { readonly watch: TrainerWatch; readonly log: number },
): Promise<Trainer> {
  const { [RUN_TOKEN_VARIABLE]: runToken, ...env } = makeEnvironment(options);
  const { programPath, recordPath, actionId } = watch;
  const child = spawn(process.execPath, [programPath, '__trainer'], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...env, [TRAINER_OF_VARIABLE]: runToken },
  });
  const started = Promise.race([
    new Promise<number>((resolve) => child.once('message', (news) => resolve(readPid(news)))),
    awaitEnd(child).then(({ exitCode, signal }): never => {
      throw new RecoveryError('RUN_FAILED', `the trainer could not be started: ${signal ?? `exit code ${exitCode}`}`);
    }),
  ]);
  await awaitStart(child);
  const request: WatchRequest = { command: options.command, recordPath, actionId };
  child.send(request);
  const pid = await started;
  const release = () => {
    child.removeAllListeners();
    child.on('error', () => {});
    if (child.connected) child.disconnect();
    child.unref();
  };
  return { pid, ended: new Promise(() => {}), stop: (signal) => signalGroup(pid, signal), release };
}

function readPid(news: unknown): number {
  const isStarted = typeof news === 'object' && news !== null && 'pid' in news && typeof news.pid === 'number';
  return isStarted && typeof news.pid === 'number' ? news.pid : 0;
}

/** Errors: STATE_FULL, STATE_UNWRITABLE; the job is recorded as running by then. */
function openLog(path: string): number {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, 'a', 0o600);
  } catch (cause) {
    throw describeUnwritable(`no trainer was started, since its log ${path} cannot be written`, path, cause);
  }
}

function makeEnvironment({ directory, runToken, checkpoint }: TrainerOptions): NodeJS.ProcessEnv {
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['SALVOR_STATE_DIR', directory],
    ['SALVOR_CHECKPOINT', checkpoint?.path],
    ['SALVOR_CHECKPOINT_SOURCE', checkpoint?.source],
    ['SALVOR_CHECKPOINT_RUN_ID', checkpoint?.runId],
    ['SALVOR_CHECKPOINT_GLOBAL_STEP', checkpoint?.globalStep],
    ['SALVOR_CHECKPOINT_OPTIMIZER_STEP', checkpoint?.optimizerStep],
    [RUN_TOKEN_VARIABLE, runToken],
  ];
  // A NUL cannot be in an environment, and a run id is foreign text.
  const named = facts.filter(([, value]) => value !== undefined && !value.includes('\0'));
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('SALVOR_CHECKPOINT'));
  return { ...Object.fromEntries(inherited), ...Object.fromEntries(named) };
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

function signalGroup(pid: number, signal: StopSignal): void {
  try {
    if (pid > 1) process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
