import type { RecoveryReport } from '../../core/report/schema.ts';
import { lookAtTau, type TauDirectory } from './collect.ts';
import type { TauFileOperations } from './file-operations.ts';
import type { Reporter } from './make-reporter.ts';
import type { Trainer } from './start-trainer.ts';
import { writeTauReport } from './write-record.ts';

/** A trainer that was started, and what to say of it. */
export type StartedTrainer = { readonly trainer: Trainer; readonly logPath: string };

/** What waiting for a trainer needs. `left` resolves when nobody waits any more. */
export type WatchOptions = StartedTrainer & {
  readonly directory: TauDirectory;
  readonly operations: TauFileOperations;
  readonly makeReport: Reporter;
  readonly left: Promise<'left'>;
  readonly nowMs: () => number;
};

/**
 * Waits for the end of a trainer, or until nobody does, and says in the report what became of it. Another action may
 * have come since: its report is the newest then, and stays.
 *
 * Errors: the system's, when the report cannot be written.
 */
export async function watchTrainer(options: WatchOptions): Promise<RecoveryReport> {
  const { trainer, logPath, directory, operations, makeReport, left, nowMs } = options;
  const ended = await Promise.race([trainer.ended, left]);
  trainer.release();
  const note = `the trainer was started as process ${trainer.pid}; its output is in ${logPath}`;
  const report = makeReport({ ...describeEnd(ended), engine_reference: `process ${trainer.pid}` }, [note]);
  const { report: newest } = await lookAtTau(directory, nowMs());
  const isNewest = newest.state === 'valid' && newest.value['report_id'] === report.report_id;
  if (isNewest) await writeTauReport(operations, directory.layout, { report, before: newest });
  return report;
}

function describeEnd(ended: number | 'left'): Partial<RecoveryReport['outcome']> {
  if (ended === 'left') return { status: 'started' };
  if (ended === 0) return { status: 'recovered' };
  const isStopped = ended === 130 || ended === 143;
  return { status: 'failed', exit_code: isStopped ? ended : 5 };
}
