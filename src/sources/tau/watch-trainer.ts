import { STOP_EXIT_CODES, type StopSignal } from '../../core/execution/stop-signals.ts';
import { describeTrainerEnd } from '../../core/families/training-control/describe-trainer-end.ts';
import type { TrainerEnd } from '../../core/families/training-control/schema.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import type { FileOperations } from '../../platform/files/file-operations.ts';
import { lookAtTau, type TauDirectory } from './collect.ts';
import type { Reporter } from './make-reporter.ts';
import { describeUnwritable } from './record-action.ts';
import type { Trainer } from './start-trainer.ts';
import { writeTauReport } from './write-record.ts';

/** A trainer that was started, and what to say of it. */
export type StartedTrainer = { readonly trainer: Trainer; readonly logPath: string };

/** What waiting for a trainer needs. `left` resolves when nobody waits any more. */
export type WatchOptions = StartedTrainer & {
  readonly directory: TauDirectory;
  readonly operations: FileOperations;
  readonly makeReport: Reporter;
  readonly left: Promise<'left'>;
  readonly nowMs: () => number;
  /** The signal by which a stop was asked for, if one was. */
  readonly stopSignal: () => StopSignal | undefined;
};

/**
 * Waits for the end of a trainer, or until nobody does, and says in the report what became of it. Another action may
 * have come since: its report is the newest then, and stays.
 *
 * Errors: the system's, when the report cannot be written.
 */
export async function watchTrainer(options: WatchOptions): Promise<RecoveryReport> {
  const { trainer, logPath, directory, operations, makeReport, left, nowMs, stopSignal } = options;
  const ended = await Promise.race([trainer.ended, left]);
  trainer.release();
  const signal = stopSignal();
  const end = ended === 'left' ? undefined : { ...ended, atMs: nowMs(), isStopped: signal !== undefined };
  const { pid } = trainer;
  if (end) await keepEnd({ ...options, end });
  const note = `the trainer was started as process ${pid}; its output is in ${logPath}`;
  const outcome = { ...describeEnd(end, signal), engine_reference: `process ${pid}` };
  const report = makeReport(outcome, end ? [describeEndNote(end), note] : [note]);
  const { report: newest } = await lookAtTau(directory, nowMs());
  const isNewest = newest.state === 'valid' && newest.value['report_id'] === report.report_id;
  if (isNewest) await writeTauReport(operations, directory.layout, { report, before: newest });
  return report;
}

/** Errors: STATE_FULL or STATE_UNWRITABLE with how it ended, which is known nowhere else then. */
async function keepEnd({ directory, trainer, end }: WatchOptions & { end: TrainerEnd }): Promise<void> {
  const { trainer: path } = directory.layout;
  try {
    await trainer.record?.writeEnd(end);
  } catch (cause) {
    throw describeUnwritable(
      `the trainer ${describeTrainerEnd(end)}, which could not be recorded in ${path}`,
      path,
      cause,
    );
  }
}

function describeEndNote(end: TrainerEnd): string {
  return `the trainer ${describeTrainerEnd(end)}${end.isStopped ? ', after it was asked to stop' : ''}`;
}

function describeEnd(end: TrainerEnd | undefined, signal: StopSignal | undefined): Partial<RecoveryReport['outcome']> {
  if (!end) return { status: 'started' };
  const trainer = { exit_code: end.exitCode ?? null, signal: end.signal ?? null };
  // Asked to stop, it may save and end with success: it was stopped all the same, and goes on with a resume.
  if (signal !== undefined) return { status: 'stopped', exit_code: STOP_EXIT_CODES[signal], trainer };
  return end.exitCode === 0 ? { status: 'recovered', trainer } : { status: 'failed', exit_code: 5, trainer };
}
