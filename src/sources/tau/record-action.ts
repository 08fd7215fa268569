import { RecoveryError } from '../../core/errors.ts';
import type { CheckpointEvidence } from '../../core/evidence/checkpoint-schema.ts';
import type { StepResult } from '../../core/execution/schema.ts';
import { controlOf } from '../../core/families/training-control/control-of.ts';
import { findChosen, findNamed, findTaken } from '../../core/families/training-control/rules.ts';
import { isIdempotent, targetState } from '../../core/families/training-control/steps.ts';
import type { ApprovedPlan, PlanAction } from '../../core/plan/schema.ts';
import type { Clock } from '../../core/ports.ts';
import { policyJson } from '../../platform/checkpoint-formats/policy-json/policy-json.ts';
import { openDirectoryStore } from '../../platform/checkpoint-stores/directory/open-directory-store.ts';
import type { FileOperations } from '../../platform/files/file-operations.ts';
import { replaceFileBytes } from '../../platform/files/replace-file.ts';
import { isOutOfSpace } from '../../platform/out-of-space.ts';
import type { TauDirectory, TauLook } from './collect.ts';
import { formatRecord } from './format-record.ts';
import { appendAuditRow, makeAuditRow, makeControlState, type TauAction } from './write-record.ts';

/** How long a trainer that is saving a checkpoint is waited for. */
const SAVER_WAIT_MS = 10_000;

/** What recording an action needs. */
export type RecordOptions = {
  readonly directory: TauDirectory;
  readonly approved: ApprovedPlan;
  readonly look: TauLook;
  readonly actionId: string;
  readonly clock: Clock;
  readonly operations: FileOperations;
  readonly tell: (action: PlanAction, change: Partial<StepResult>) => void;
};

/**
 * Records an action: the control state, then the checkpoint a rollback goes back to, then the audit row. The row is last:
 * a state without its row tells the next look that this action was cut short, and what of it is missing.
 *
 * Errors: CHECKPOINT_BUSY, CHECKPOINT_NOT_SAVED, the chosen file's own reason, STATE_FULL, STATE_UNWRITABLE.
 * Source: formats/tau 3 and 4.11; docs/tau.md, order of writes.
 */
export async function recordAction(options: RecordOptions): Promise<TauAction> {
  const { directory, look, operations, tell } = options;
  const { layout } = directory;
  const action = makeAction(options);
  try {
    await replaceFileBytes(layout.state, formatRecord(makeControlState(action), 2), { operations });
    tell('set_lifecycle', { state: 'done', detail: action.to });
    await restore(options, action);
    await appendAuditRow(operations, layout.audit, { audit: look.audit, row: makeAuditRow(action) });
    tell('repair_audit', { state: 'done' });
    tell('append_audit', { state: 'done' });
  } catch (cause) {
    throw describeUnwritable(`${action.choice} could not be recorded in ${layout.directory}`, layout.directory, cause);
  }
  return action;
}

/** An error of the system as one for operators; one that is for them already stays. */
export function describeUnwritable(what: string, path: string, cause: unknown): RecoveryError {
  if (cause instanceof RecoveryError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  const code = isOutOfSpace(cause, path) ? 'STATE_FULL' : 'STATE_UNWRITABLE';
  return new RecoveryError(code, `${what}: ${reason}`, { details: { path }, cause });
}

/** The action of a plan as it is recorded. Errors: INTERNAL for a job of another family. */
export function makeAction({ approved, actionId }: Pick<RecordOptions, 'approved' | 'actionId'>): TauAction {
  const { plan, consent, evidence } = approved;
  const { checkpoints } = evidence;
  const control = controlOf(evidence);
  const { choice } = plan;
  const named = choice === 'rollback' ? findNamed(checkpoints) : undefined;
  const restored = choice === 'resume' ? findTaken(control, checkpoints) : undefined;
  const { mustReplace, rollback } = control.restore;
  const moved = choice === 'resume' && mustReplace ? restored : named;
  return {
    choice,
    actionId,
    atMs: consent.atMs,
    principal: consent.principal,
    to: targetState(choice),
    idempotent: isIdempotent(choice, evidence),
    ...(named && { rollbackCheckpoint: named.path }),
    ...(moved?.sha256 !== undefined && { rollbackSha256: moved.sha256 }),
    ...(rollback && choice !== 'rollback' && { chosen: rollback }),
    ...(restored && { checkpointSource: restored.source }),
  };
}

/** Makes a checkpoint the primary: the one a rollback names, or the one a resume takes that is not there yet. */
async function restore(
  { approved, directory, look, operations, tell }: RecordOptions,
  action: TauAction,
): Promise<void> {
  const { checkpoints } = approved.evidence;
  const control = controlOf(approved.evidence);
  const isMoved = action.choice === 'resume' && control.restore.mustReplace;
  const path = isMoved ? findChosen(control, checkpoints)?.path : action.rollbackCheckpoint;
  if (path === undefined) return;
  if (isInForce(look, action)) {
    tell('restore_checkpoint', { state: 'done', detail: 'it is the primary already' });
    return;
  }
  const options = { waitMs: SAVER_WAIT_MS, operations };
  const store = openDirectoryStore(policyJson, directory.layout.directory, options);
  const { setAside } = await store.restore(path);
  tell('restore_checkpoint', { state: 'done', detail: setAside.length > 0 ? `kept: ${setAside.join(', ')}` : '' });
}

/** Whether it is the primary already, and nothing else there would be taken instead of it. */
function isInForce({ evidence: { checkpoints = [] } }: TauLook, { rollbackSha256 }: TauAction): boolean {
  const find = (source: string) => checkpoints.find((one) => one.source === source);
  const [primary, fallback] = [find('primary'), find('fallback')];
  if (primary?.sha256 === undefined || primary.sha256 !== rollbackSha256) return false;
  return fallback === undefined || fallback.problem !== undefined || !isSavedLater(fallback, primary);
}

function isSavedLater(one: CheckpointEvidence, other: CheckpointEvidence): boolean {
  return one.runId === other.runId && BigInt(one.savedAtUnixSeconds ?? 0) > BigInt(other.savedAtUnixSeconds ?? 0);
}
