/** The fields of Tau's files, and of Salvor's own beside them, in the order they are checked. */
import * as z from 'zod/mini';
import { U64_MAX } from '../../platform/exact-json/unsigned.ts';

/** One file's fields, and what its version is called when it is another. What a field must be is its error. */
export type FileRules = { readonly version: string; readonly fields: z.ZodMiniObject };

const U64 = `a whole number from 0 to ${U64_MAX}`;

/** Of an exactly parsed value: what is kept as its text is a number that another text stands for as well. */
function isU64(value: unknown): boolean {
  if (typeof value === 'number') return Number.isInteger(value) && value >= 0;
  const text = typeof value === 'object' && value !== null && 'rawJSON' in value ? String(value.rawJSON) : '';
  return /^[0-9]{1,40}$/.test(text) && BigInt(text) <= U64_MAX;
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('rawJSON' in value);
}

/** Absent or null will do as well. */
const orNull = (fits: (value: unknown) => boolean, expected: string) =>
  z.optional(z.custom((value) => value === null || fits(value), `${expected} or null`));

const versionOne = z.literal(1, 'the number 1');
const u64 = z.custom(isU64, U64);
const u64OrNull = orNull(isU64, `${U64},`);
const text = z.string('a string');
const textOrNull = orNull((value) => typeof value === 'string', 'a string');
const flag = z.boolean('true or false');
const texts = z.custom(
  (value) => Array.isArray(value) && value.every((item) => typeof item === 'string'),
  'a list of strings',
);

/** control-state.json. Source: formats/tau 2.1. */
export const CONTROL_STATE: FileRules = {
  version: 'unsupported training control schema version',
  fields: z.object({
    schema_version: versionOne,
    updated_unix_ms: u64,
    lifecycle_state: text,
    last_action: text,
    principal: text,
    rollback_checkpoint: textOrNull,
  }),
};

/** status.json. Source: formats/tau 2.3. */
export const TRAINING_STATUS: FileRules = {
  version: 'unsupported training status schema version',
  fields: z.object({
    schema_version: versionOne,
    updated_unix_ms: u64,
    run_state: text,
    model_ref: text,
    store_path: text,
    total_rollouts: u64,
    succeeded: u64,
    failed: u64,
    cancelled: u64,
    rl_optimizer: orNull(isObject, 'an object'),
  }),
};

/** recovery-report.json, Salvor's own as well: it has these fields and more. Source: formats/tau 2.5. */
export const RECOVERY_REPORT: FileRules = {
  version: 'unsupported training recovery schema version',
  fields: z.object({
    schema_version: versionOne,
    recovered_at_unix_ms: u64,
    principal: text,
    crash_detected: flag,
    prior_lifecycle_state: text,
    prior_training_state: textOrNull,
    replayed_audit_events: u64,
    replayed_actions: texts,
    checkpoint_source: textOrNull,
    checkpoint_run_id: textOrNull,
    checkpoint_global_step: u64OrNull,
    checkpoint_optimizer_step: u64OrNull,
    diagnostics: texts,
  }),
};

/**
 * salvor-trainer.json. `action_id` is that of the resume that started the trainer, `pid` leads a session of its own,
 * `watcher_pid` is the process that will record the end. What came later than the first version may be missing.
 */
export const TRAINER_RECORD: FileRules = {
  version: 'unsupported trainer record schema version',
  fields: z.object({
    schema_version: versionOne,
    action_id: text,
    pid: u64,
    pid_start_ticks: u64OrNull,
    watcher_pid: u64OrNull,
    watcher_start_ticks: u64OrNull,
    boot_id: textOrNull,
    pid_namespace: textOrNull,
    started_unix_ms: u64OrNull,
    ended_unix_ms: u64OrNull,
    exit_code: u64OrNull,
    signal: textOrNull,
    stop_requested: flag,
  }),
};
