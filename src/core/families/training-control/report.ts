import type { CheckpointEvidence } from '../../evidence/checkpoint-schema.ts';
import type { Evidence } from '../../evidence/schema.ts';
import type { RecoveryReport } from '../../report/schema.ts';
import type { Reported, ReportParts } from '../family.ts';
import { controlOf } from './control-of.ts';
import { findEnd } from './diagnose.ts';
import { findTaken } from './rules.ts';
import type { ControlFacts } from './schema.ts';

/** How the line of a resume begins that had no crash to recover from. Source: formats/tau 3, resume 4. */
const NO_CRASH = 'resume recovery: no crash-detected state';

/**
 * Says what an action on such a training found and did: the fields of the format's own report.
 *
 * Errors: none. Same input, same report.
 * Source: formats/tau 2.5 and 3; contract, recovery-report.json.
 */
export function describeReport(reported: Reported): ReportParts {
  const { evidence, plan } = reported.approved;
  const control = controlOf(evidence);
  const isResume = plan.choice === 'resume';
  const restored = isResume ? findTaken(control, evidence.checkpoints) : undefined;
  return {
    strategy: restored ? 'resume_from_checkpoint' : null,
    crash_evidence: describeEvidence(evidence, control),
    prior_training_state: control.status?.runState ?? null,
    ...describeCheckpoint(restored),
    diagnostics: [...(isResume ? describeRestore(reported, restored) : []), ...reported.notes],
  };
}

/** What could not be loaded and what decided; without a crash the format's own line comes first. */
function describeRestore(
  { diagnosis, approved }: Reported,
  restored: CheckpointEvidence | undefined,
): readonly string[] {
  const { failures, notes } = controlOf(approved.evidence).restore;
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
