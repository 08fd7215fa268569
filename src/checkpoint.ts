/**
 * Policy checkpoints for training loops: save, load, inspect and restore, safe against crashes and damage.
 *
 * A directory holds two generations, `policy-checkpoint.json` and `policy-checkpoint.rollback.json`, in the JSON
 * format of formats/tau 2.4. At every instant at least one of them is valid.
 */
import './platform/require-node.ts';
import type { CheckpointVerdict } from './core/checkpoint/schema.ts';
import { type ErrorCode, isRecoveryError, RecoveryError } from './core/errors.ts';
import {
  checkDuration,
  checkOptions,
  checkPath,
  checkSwitch,
} from './platform/checkpoint-formats/policy-json/check-options.ts';
import type { StateInput } from './platform/checkpoint-formats/policy-json/checkpoint-input.ts';
import { type JsonText, RawJson } from './platform/checkpoint-formats/policy-json/raw-json.ts';
import { readCheckpoint } from './platform/checkpoint-formats/policy-json/read-checkpoint.ts';
import { layoutOf } from './platform/checkpoint-stores/directory/layout.ts';
import {
  type LoadedCheckpoint,
  loadCheckpoint as loadFrom,
} from './platform/checkpoint-stores/directory/load-checkpoint.ts';
import {
  type RestoredCheckpoint,
  restoreCheckpoint as restoreInto,
} from './platform/checkpoint-stores/directory/restore-checkpoint.ts';
import {
  type SavedCheckpoint,
  saveCheckpoint as saveInto,
} from './platform/checkpoint-stores/directory/save-checkpoint.ts';
import { systemFileOperations } from './platform/files/file-operations.ts';

/** How long another saver of the same directory is waited for. */
const WAIT_MS = 10_000;

/** What a training loop saves. Steps are whole numbers from 0 to 2^64 - 1; beyond 2^53 as bigint. */
export type SaveOptions = {
  readonly directory: string;
  readonly runId: string;
  readonly globalStep: number | bigint;
  readonly optimizerStep: number | bigint;
  /** A plain object, or `rawJson(...)`. */
  readonly policyState: StateInput;
  readonly optimizerState: StateInput;
  /** Unix seconds; now when left out. */
  readonly savedAtUnixSeconds?: number | bigint | undefined;
  /** Whether to put a digest beside the payload, which older readers ignore; true when left out. */
  readonly digest?: boolean | undefined;
  /** How long to wait while another program saves here, in milliseconds; 10,000 when left out. */
  readonly waitMs?: number | undefined;
};

/** Every option of a save, for whoever misspelt one. */
const SAVE_OPTIONS = Object.keys({
  directory: 0,
  runId: 0,
  globalStep: 0,
  optimizerStep: 0,
  policyState: 0,
  optimizerState: 0,
  savedAtUnixSeconds: 0,
  digest: 0,
  waitMs: 0,
} satisfies Record<keyof SaveOptions, 0>);

/** What is looked at besides the primary. */
export type LoadOptions = {
  /** Whether the fallback is looked at as well; false when left out. */
  readonly fallback?: boolean | undefined;
};

/** How a restore waits. */
export type RestoreOptions = {
  /** How long to wait while another program saves here, in milliseconds; 10,000 when left out. */
  readonly waitMs?: number | undefined;
};

/** What is known of one file: its verdict, and its digest (hex) when it could be read to the end. */
export type InspectedCheckpoint = {
  readonly verdict: CheckpointVerdict;
  readonly sizeBytes: number;
  readonly sha256?: string;
};

/**
 * Saves a checkpoint durably as the directory's primary; the old primary becomes the fallback.
 *
 * Shapes: what is saved is the state as it is at the call. Saves into one directory end in the order they were begun.
 * Errors: RecoveryError CHECKPOINT_INPUT_INVALID, CHECKPOINT_BUSY or CHECKPOINT_NOT_SAVED; the checkpoints that were
 *         there can be loaded as before.
 * Source: seed 001, AC-1; design, rule 4.
 */
export async function saveCheckpoint(options: SaveOptions): Promise<SavedCheckpoint> {
  const where = 'saveCheckpoint';
  checkOptions(where, options, SAVE_OPTIONS);
  checkPath(where, 'directory', options.directory);
  checkSwitch(where, 'digest', options.digest);
  checkDuration(where, 'waitMs', options.waitMs);
  const { directory, waitMs = WAIT_MS, digest = true, ...rest } = options;
  const savedAtUnixSeconds = options.savedAtUnixSeconds ?? Math.floor(Date.now() / 1000);
  const target = { directory, waitMs, operations: systemFileOperations };
  return saveInto(target, { ...rest, savedAtUnixSeconds, digest });
}

/**
 * Loads the primary of a directory. With `fallback` also the fallback is looked at: it is answered when the primary is
 * refused, or when it is the newer one of the same run, and diagnostics say so.
 *
 * Errors: RecoveryError with the primary's reason, or CHECKPOINT_NONE_VALID with both. Nothing is changed.
 * Source: seed 001, AC-2 and AC-3.
 */
export async function loadCheckpoint(directory: string, options: LoadOptions = {}): Promise<LoadedCheckpoint> {
  const where = 'loadCheckpoint';
  checkPath(where, 'directory', directory);
  checkOptions(where, options, ['fallback']);
  checkSwitch(where, 'fallback', options.fallback);
  const { fallback = false } = options;
  const layout = layoutOf(directory);
  return loadFrom(fallback ? { primary: layout.primary, fallback: layout.fallback } : { primary: layout.primary });
}

/**
 * Loads one file, and another as its fallback if one is named.
 *
 * Errors: as `loadCheckpoint`.
 */
export async function loadCheckpointFile(path: string, fallbackPath?: string): Promise<LoadedCheckpoint> {
  checkPath('loadCheckpointFile', 'path', path);
  if (fallbackPath !== undefined) checkPath('loadCheckpointFile', 'fallbackPath', fallbackPath);
  return loadFrom(fallbackPath === undefined ? { primary: path } : { primary: path, fallback: fallbackPath });
}

/** Checks one file to its last byte and changes nothing. A refusal is a verdict. Errors: CHECKPOINT_INPUT_INVALID. */
export async function inspectCheckpoint(path: string): Promise<InspectedCheckpoint> {
  checkPath('inspectCheckpoint', 'path', path);
  const { verdict, facts } = await readCheckpoint(path);
  const { sizeBytes, sha256 } = facts;
  return sha256 === undefined ? { verdict, sizeBytes } : { verdict, sizeBytes, sha256 };
}

/**
 * Makes a chosen file the primary of a directory, byte for byte; what was there is kept under a name of its own.
 *
 * Errors: RecoveryError with the chosen file's reason, CHECKPOINT_BUSY or CHECKPOINT_NOT_SAVED.
 */
export async function restoreCheckpoint(
  directory: string,
  from: string,
  options: RestoreOptions = {},
): Promise<RestoredCheckpoint> {
  const where = 'restoreCheckpoint';
  checkPath(where, 'directory', directory);
  checkPath(where, 'from', from);
  checkOptions(where, options, ['waitMs']);
  checkDuration(where, 'waitMs', options.waitMs);
  const { waitMs = WAIT_MS } = options;
  return restoreInto({ directory, waitMs, operations: systemFileOperations }, from);
}

/** A state as JSON text (a string, UTF-8 bytes or a stream of them) that is saved byte for byte. */
export function rawJson(text: JsonText): RawJson {
  return new RawJson(text);
}

export type { CheckpointSource } from './core/checkpoint/choose-generation.ts';
export type {
  CheckpointHead,
  CheckpointVerdict,
  Rejection,
  RejectionCode,
  ValidCheckpoint,
} from './core/checkpoint/schema.ts';
export type { StoredState } from './platform/checkpoint-formats/policy-json/stored-state.ts';
export type { ErrorCode, JsonText, LoadedCheckpoint, RawJson, RestoredCheckpoint, SavedCheckpoint, StateInput };
export { isRecoveryError, RecoveryError };
