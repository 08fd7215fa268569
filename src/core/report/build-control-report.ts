import { findEnd } from '../diagnosis/diagnose-control.ts';
import type { CheckpointEvidence, ControlFacts } from '../evidence/control-schema.ts';
import type { Evidence } from '../evidence/schema.ts';
import { findTaken } from '../plan/control-rules.ts';
import { buildReport, type ReportInput } from './build-report.ts';
import type { RecoveryReport } from './schema.ts';

/** What a report says of a training control directory besides. `ended` is what became of the trainer. */
export type ControlReportInput = ReportInput & {
  readonly control: ControlFacts;
  /** Lines to be said after those of the format, in order. */
  readonly notes: readonly string[];
  readonly outcome: RecoveryReport['outcome'];
};

/** How the line of a resume begins that had no crash to recover from. Source: formats/tau 3, resume 4. */
const NO_CRASH = 'resume recovery: no crash-detected state';

/**
 * Says what an action on a training control directory found and did: the fields of the format's own report with
 * Salvor's added.
 *
 * Errors: none. Same input, same report.
 * Source: formats/tau 2.5 and 3; contract, recovery-report.json.
 */
export function buildControlReport(input: ControlReportInput): RecoveryReport {
  const { approved, control, notes, outcome } = input;
  const { evidence, plan, consent } = approved;
  const isResume = plan.choice === 'resume';
  const restored = isResume ? findTaken(control, evidence.checkpoints) : undefined;
  const report = buildReport(input);
  return {
    ...report,
    progress_before: { ...report.progress_before, unit: 'step' },
    progress_after: { ...report.progress_after, unit: 'step' },
    strategy: isResume && restored ? 'resume_from_checkpoint' : null,
    crash_evidence: describeEvidence(evidence, control),
    prior_lifecycle_state: control.lifecycle,
    prior_training_state: control.status?.runState ?? null,
    ...describeCheckpoint(restored),
    diagnostics: [
      ...(isResume ? describeRestore(input, restored) : []),
      ...notes,
      ...(consent.reason === undefined ? [] : [`reason given: ${consent.reason}`]),
    ],
    outcome,
  };
}

/** What could not be loaded and what decided; without a crash the format's own line comes first. */
function describeRestore(
  { control, diagnosis, approved }: ControlReportInput,
  restored: CheckpointEvidence | undefined,
): readonly string[] {
  const { failures, notes } = control.restore;
  if (diagnosis.crashDetected) return [...failures, ...notes];
  const { checkpoints = [] } = approved.evidence;
  if (restored) {
    return [`${NO_CRASH}; training goes on from the ${restored.source} checkpoint`, ...failures, ...notes];
  }
  const isThere = checkpoints.some(({ problem }) => problem?.code !== 'CHECKPOINT_MISSING');
  if (!isThere) return [`${NO_CRASH}, and there is no checkpoint`];
  return [`${NO_CRASH}, and no checkpoint can be loaded`, ...failures];
}

function describeCheckpoint(
  restored: CheckpointEvidence | undefined,
): Pick<
  RecoveryReport,
  'checkpoint_source' | 'checkpoint_path' | 'checkpoint_run_id' | 'checkpoint_global_step' | 'checkpoint_optimizer_step'
> {
  return {
    checkpoint_source: restored ? (restored.source === 'fallback' ? 'fallback' : 'primary') : null,
    checkpoint_path: restored?.path ?? null,
    checkpoint_run_id: restored?.runId ?? null,
    checkpoint_global_step: toExactNumber(restored?.globalStep),
    checkpoint_optimizer_step: toExactNumber(restored?.optimizerStep),
  };
}

/** A u64 in decimal text as a number, or as a bigint where a number would not be exact. */
export function toExactNumber(text: string | undefined): number | bigint | null {
  if (text === undefined) return null;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

function describeEvidence(evidence: Evidence, control: ControlFacts): { fact: string; value: string }[] {
  const { status, updatedAtMs } = control;
  const facts: readonly (readonly [string, string | undefined])[] = [
    ['recorded_status', control.lifecycle],
    ['recorded_at', updatedAtMs === undefined ? undefined : new Date(updatedAtMs).toISOString()],
    ['training_status', status?.runState ?? 'missing'],
    ['training_status_stale', status?.stale],
    ['recorded_end', findEnd(control)?.runState ?? 'none'],
    ['lease', 'none: the recorded status is the only evidence'],
    ['trainers', evidence.orphans.map((trainer) => trainer.pid).join(' ') || undefined],
    ...(evidence.checkpoints ?? []).map(
      ({ source, grade, problem }) =>
        [`checkpoint_${source}`, `${grade}${problem ? `: ${problem.message}` : ''}`] as const,
    ),
  ];
  return facts.flatMap(([fact, value]) => (value === undefined ? [] : [{ fact, value }]));
}
