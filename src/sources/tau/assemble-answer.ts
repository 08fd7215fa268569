import type { ControlAnswer } from '../../core/families/training-control/answer.ts';
import { findNamed } from '../../core/families/training-control/rules.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import type { TauLook } from './collect.ts';
import type { TauLayout } from './layout.ts';
import type { JsonFile } from './read-json-file.ts';
import { pickValue, readText } from './translate.ts';
import { makeControlState, type TauAction } from './write-record.ts';

/**
 * The object an action prints. Of a pause, a cancellation or a rollback the recovery fields are those of the last report.
 *
 * Errors: none. Source: formats/tau 2.7.
 */
export function assembleAnswer(done: {
  readonly layout: TauLayout;
  readonly approved: ApprovedPlan;
  readonly report: RecoveryReport;
  readonly look: TauLook;
  readonly action: TauAction;
}): ControlAnswer {
  const { layout, approved, report, look, action } = done;
  const named = action.choice === 'rollback' ? findNamed(approved.evidence.checkpoints) : undefined;
  return {
    schema_version: 1,
    state_dir: layout.directory,
    control_state_path: layout.state,
    control_audit_path: layout.audit,
    action: action.choice,
    principal: action.principal,
    idempotent: action.idempotent,
    rollback_checkpoint: action.rollbackCheckpoint ?? null,
    checkpoint_run_id: named?.runId ?? report.checkpoint_run_id,
    ...describeRecovery(layout, action.choice === 'resume' ? { ...report } : pickValue(look.report)),
    control_state: makeControlState(action),
    training_status: pickShallow(look.status.file),
  };
}

/** A status nested deeper than this is no status; with it the report could not be read again. */
const DEEPEST = 64;

function pickShallow(file: JsonFile): Readonly<Record<string, unknown>> | null {
  const value = pickValue(file);
  return value && isShallow(value, DEEPEST) ? value : null;
}

function isShallow(value: unknown, depth: number): boolean {
  if (typeof value !== 'object' || value === null) return true;
  return depth > 0 && Object.values(value).every((item) => isShallow(item, depth - 1));
}

/** What the last report says, or nulls without one. */
export function describeRecovery(
  layout: TauLayout,
  report: Readonly<Record<string, unknown>> | undefined,
): Pick<
  ControlAnswer,
  'recovery_report_path' | 'recovery_checkpoint_source' | 'recovery_crash_detected' | 'recovery_replayed_audit_events'
> {
  const { crash_detected: crashed, replayed_audit_events: replayed } = report ?? {};
  return {
    recovery_report_path: report === undefined ? null : layout.report,
    recovery_checkpoint_source: readText(report?.['checkpoint_source']) ?? null,
    recovery_crash_detected: typeof crashed === 'boolean' ? crashed : null,
    recovery_replayed_audit_events: typeof replayed === 'number' ? replayed : null,
  };
}
