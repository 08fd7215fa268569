import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import type { CheckpointEvidence } from '../../core/evidence/checkpoint-schema.ts';
import type { StopSignal } from '../../core/execution/stop-signals.ts';
import { RUN_TOKEN_VARIABLE } from '../../platform/find-run-processes.ts';
import { TRAINER_OF_VARIABLE } from './find-trainers.ts';
import { awaitEnd, awaitStart, type HeldTrainer, holdTrainer, type ProcessEnd } from './hold-trainer.ts';
import { describeUnwritable } from './record-action.ts';
import { type TrainerRecord, type TrainerRecordPlace, writeTrainerStart } from './trainer-record.ts';

/** A trainer that was started. `ended` resolves with its exit code, or the signal that ended it. */
export type Trainer = {
  readonly pid: number;
  readonly ended: Promise<ProcessEnd>;
  /** Where its end is to be recorded; undefined when another process does that. */
  readonly record?: TrainerRecord;
  /** Asks the trainer and its children to stop. */
  readonly stop: (signal: StopSignal) => void;
  /** No longer waits for it: it goes on by itself. */
  readonly release: () => void;
};

/** What a trainer is started with. `checkpoint` is the one to go on from, when there is one. */
export type TrainerOptions = {
  readonly command: string;
  readonly directory: string;
  readonly logPath: string;
  readonly runToken: string;
  readonly checkpoint?: CheckpointEvidence;
  /** The resume that starts it, and where it is recorded before its command begins. */
  readonly actionId: string;
  readonly record: TrainerRecordPlace;
  readonly nowMs: () => number;
  /** Nobody waits for it: a process of its own does, which this program starts, and records how it ended. */
  readonly programPath?: string;
};

/** What the process beside a trainer is asked to start, and where it keeps what it sees; its mark is made there too. */
export type WatchRequest = {
  readonly command: string;
  readonly recordPath: string;
  readonly actionId: string;
  readonly markDirectory: string;
};

/**
 * Starts the operator's command in a session of its own, its output going to a log: it outlives Salvor and the
 * terminal. The checkpoint is named in its environment: SALVOR_CHECKPOINT and what is known of it.
 *
 * Errors: RUN_FAILED when no shell can be started; STATE_FULL or STATE_UNWRITABLE when it cannot be recorded: then its
 *         command never began.
 * Source: design, durable execution; formats/tau 4.8 (a checkpoint is reported there, and nothing is started).
 */
export async function startTrainer(options: TrainerOptions): Promise<Trainer> {
  const { command, logPath, runToken, programPath } = options;
  const log = openLog(logPath);
  try {
    if (programPath !== undefined) return await startWatched(options, { programPath, log });
    const environment = makeEnvironment(options);
    const markDirectory = dirname(logPath);
    const held = await holdTrainer({ command, output: log, environment, runToken, markDirectory });
    const { pid, ended } = held;
    const record = await beginRecorded(held, options);
    return { pid, ended, record, stop: (signal) => signalGroup(pid, signal), release: held.unref };
  } finally {
    closeSync(log);
  }
}

/** Records which process a trainer is, then lets its command begin. Errors: STATE_FULL, STATE_UNWRITABLE. */
export async function beginRecorded(
  held: HeldTrainer,
  { actionId, record: place, nowMs }: Pick<TrainerOptions, 'actionId' | 'record' | 'nowMs'>,
): Promise<TrainerRecord> {
  try {
    const record = await writeTrainerStart(place, { actionId, pid: held.pid, atMs: nowMs() });
    await held.go();
    return record;
  } catch (cause) {
    await held.drop();
    const what = `no trainer was started, since it could not be recorded in ${place.path}`;
    throw describeUnwritable(what, place.path, cause);
  }
}

/** Errors: RUN_FAILED when the process that stays beside it cannot be started, or ends without having started it. */
async function startWatched(
  options: TrainerOptions,
  { programPath, log }: { readonly programPath: string; readonly log: number },
): Promise<Trainer> {
  const { [RUN_TOKEN_VARIABLE]: runToken, ...env } = makeEnvironment(options);
  const { command, actionId, logPath } = options;
  const child = spawn(process.execPath, [programPath, '__trainer'], {
    detached: true,
    stdio: ['ignore', log, log, 'ipc'],
    env: { ...env, [TRAINER_OF_VARIABLE]: runToken },
  });
  const started = Promise.race([
    new Promise<number>((resolve) => child.once('message', (news) => resolve(readPid(news)))),
    awaitEnd(child).then(({ exitCode, signal }): never => {
      throw new RecoveryError(
        'RUN_FAILED',
        `the trainer could not be started: ${signal ?? `exit code ${exitCode}`}; see ${logPath}`,
      );
    }),
  ]);
  await awaitStart(child);
  const request: WatchRequest = {
    command,
    recordPath: options.record.path,
    actionId,
    markDirectory: dirname(logPath),
  };
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

function signalGroup(pid: number, signal: StopSignal): void {
  try {
    if (pid > 1) process.kill(-pid, signal);
  } catch {
    // It has ended by itself.
  }
}
