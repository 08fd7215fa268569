/** The fields of Tau's files, in the order they are checked. Source: formats/tau 2.1, 2.3 and 2.5. */

/** What a field must be. `u32_1` is a version that must be 1; `?` allows absence and null. */
export type FieldType = 'u32_1' | 'u64' | 'u64?' | 'string' | 'string?' | 'boolean' | 'strings' | 'object?';

/** One file's fields, and what its version is called when it is another. */
export type FileRules = {
  readonly version: string;
  readonly fields: readonly (readonly [name: string, type: FieldType])[];
};

/** control-state.json. Source: formats/tau 2.1. */
export const CONTROL_STATE: FileRules = {
  version: 'unsupported training control schema version',
  fields: [
    ['schema_version', 'u32_1'],
    ['updated_unix_ms', 'u64'],
    ['lifecycle_state', 'string'],
    ['last_action', 'string'],
    ['principal', 'string'],
    ['rollback_checkpoint', 'string?'],
  ],
};

/** status.json. Source: formats/tau 2.3. */
export const TRAINING_STATUS: FileRules = {
  version: 'unsupported training status schema version',
  fields: [
    ['schema_version', 'u32_1'],
    ['updated_unix_ms', 'u64'],
    ['run_state', 'string'],
    ['model_ref', 'string'],
    ['store_path', 'string'],
    ['total_rollouts', 'u64'],
    ['succeeded', 'u64'],
    ['failed', 'u64'],
    ['cancelled', 'u64'],
    ['rl_optimizer', 'object?'],
  ],
};

/** recovery-report.json, Salvor's own as well: it has these fields and more. Source: formats/tau 2.5. */
export const RECOVERY_REPORT: FileRules = {
  version: 'unsupported training recovery schema version',
  fields: [
    ['schema_version', 'u32_1'],
    ['recovered_at_unix_ms', 'u64'],
    ['principal', 'string'],
    ['crash_detected', 'boolean'],
    ['prior_lifecycle_state', 'string'],
    ['prior_training_state', 'string?'],
    ['replayed_audit_events', 'u64'],
    ['replayed_actions', 'strings'],
    ['checkpoint_source', 'string?'],
    ['checkpoint_run_id', 'string?'],
    ['checkpoint_global_step', 'u64?'],
    ['checkpoint_optimizer_step', 'u64?'],
    ['diagnostics', 'strings'],
  ],
};
