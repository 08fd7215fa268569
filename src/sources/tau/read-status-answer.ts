import { RecoveryError } from '../../core/errors.ts';
import type { ControlAnswer } from '../../core/families/training-control/answer.ts';
import { describeRecovery } from './assemble-answer.ts';
import { findStatus } from './find-status.ts';
import { openTauDirectory } from './read.ts';
import { type JsonFile, readJsonFile } from './read-json-file.ts';
import { CONTROL_STATE, RECOVERY_REPORT } from './schema.ts';
import { pickValue } from './translate.ts';

/**
 * Reads what Tau's status action prints. Nothing is changed.
 *
 * Errors: TARGET_UNKNOWN; CONTROL_FILE_INVALID for a control state or status that cannot be used.
 * Source: formats/tau 2.7 and 3 (status).
 */
export async function readStatusAnswer(path: string, principal: string): Promise<ControlAnswer> {
  const { layout } = openTauDirectory(path);
  const state = await readJsonFile(layout.state, CONTROL_STATE);
  checkUsable(layout.state, state);
  const status = await findStatus(layout, pickValue(state));
  checkUsable(status.path, status.file);
  const report = await readJsonFile(layout.report, RECOVERY_REPORT);
  return {
    schema_version: 1,
    state_dir: layout.directory,
    control_state_path: layout.state,
    control_audit_path: layout.audit,
    action: 'status',
    principal,
    idempotent: null,
    rollback_checkpoint: null,
    checkpoint_run_id: null,
    ...describeRecovery(layout, pickValue(report)),
    control_state: pickValue(state) ?? null,
    training_status: pickValue(status.file) ?? null,
  };
}

function checkUsable(path: string, file: JsonFile): void {
  if (file.state === 'missing' || file.state === 'valid') return;
  const { message, ...place } = file.problem;
  throw new RecoveryError('CONTROL_FILE_INVALID', `${path}: ${message}`, { details: { path, ...place } });
}
