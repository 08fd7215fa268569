/**
 * Policy checkpoints for training loops: save, load, inspect and restore, safe against crashes and damage.
 *
 * A directory holds two generations, `policy-checkpoint.json` and `policy-checkpoint.rollback.json`, in the JSON
 * format of formats/tau 2.4. At every instant at least one of them is valid.
 */
import './platform/require-node.ts';
import { judgePath } from './core/checkpoint/format.ts';
import { loadNewest } from './core/checkpoint/load-newest.ts';
import type { CheckpointStore, GenerationPlace, SavedCheckpoint } from './core/checkpoint/store.ts';
import { type ErrorCode, isRecoveryError, RecoveryError } from './core/errors.ts';
import {
  checkDuration,
  checkOptions,
  checkPath,
  checkSwitch,
} from './platform/checkpoint-formats/policy-json/check-options.ts';
import type { StateInput } from './platform/checkpoint-formats/policy-json/checkpoint-input.ts';
import { type LoadedCheckpoint, openLoaded } from './platform/checkpoint-formats/policy-json/loaded-checkpoint.ts';
import { makePolicyContent } from './platform/checkpoint-formats/policy-json/policy-content.ts';
import { policyJson } from './platform/checkpoint-formats/policy-json/policy-json.ts';
import { type JsonText, RawJson } from './platform/checkpoint-formats/policy-json/raw-json.ts';
import type {
  PolicyCheckpoint,
  PolicyFacts,
  PolicyHead,
  PolicyVerdict,
} from './platform/checkpoint-formats/policy-json/schema.ts';
import { openDirectoryStore } from './platform/checkpoint-stores/directory/open-directory-store.ts';
import { hostFiles } from './platform/files/host-files.ts';

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

/** A checkpoint that is the primary again. `setAside` names what was there and is kept. */
export type RestoredCheckpoint = PolicyHead & {
  readonly path: string;
  readonly sizeBytes: number;
  readonly setAside: readonly string[];
};

/** How a restore waits. */
export type RestoreOptions = {
  /** How long to wait while another program saves here, in milliseconds; 10,000 when left out. */
  readonly waitMs?: number | undefined;
};

/** What is known of one file: its verdict, and its digest (hex) when it could be read to the end. */
export type InspectedCheckpoint = {
  readonly verdict: PolicyVerdict;
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
  const { directory, waitMs, digest = true, ...rest } = options;
  const savedAtUnixSeconds = options.savedAtUnixSeconds ?? Math.floor(Date.now() / 1000);
  return openStore(directory, waitMs).save(makePolicyContent({ ...rest, savedAtUnixSeconds, digest }));
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
  return openLoaded(await openStore(directory).load({ fallback }), hostFiles);
}

/**
 * Loads one file, and another as its fallback if one is named.
 *
 * Errors: as `loadCheckpoint`.
 */
export async function loadCheckpointFile(path: string, fallbackPath?: string): Promise<LoadedCheckpoint> {
  checkPath('loadCheckpointFile', 'path', path);
  if (fallbackPath !== undefined) checkPath('loadCheckpointFile', 'fallbackPath', fallbackPath);
  const places: GenerationPlace[] = [{ source: 'primary', path }];
  if (fallbackPath !== undefined) places.push({ source: 'fallback', path: fallbackPath });
  return openLoaded(await loadNewest(policyJson, hostFiles, places), hostFiles);
}

/** Checks one file to its last byte and changes nothing. A refusal is a verdict. Errors: CHECKPOINT_INPUT_INVALID. */
export async function inspectCheckpoint(path: string): Promise<InspectedCheckpoint> {
  checkPath('inspectCheckpoint', 'path', path);
  const { verdict, facts } = await judgePath(policyJson, hostFiles, path);
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
  const { waitMs } = options;
  const { checkpoint, ...restored } = await openStore(directory, waitMs).restore(from);
  return { ...checkpoint.head, ...restored };
}

function openStore(directory: string, waitMs = WAIT_MS): CheckpointStore<PolicyFacts, PolicyCheckpoint> {
  return openDirectoryStore(policyJson, directory, { waitMs });
}

/** A state as JSON text (a string, UTF-8 bytes or a stream of them) that is saved byte for byte. */
export function rawJson(text: JsonText): RawJson {
  return new RawJson(text);
}

export type { Rejection, RejectionCode } from './core/checkpoint/schema.ts';
export type { CheckpointSource } from './core/checkpoint/store.ts';
export type {
  PolicyCheckpoint as ValidCheckpoint,
  PolicyHead as CheckpointHead,
  PolicyVerdict as CheckpointVerdict,
} from './platform/checkpoint-formats/policy-json/schema.ts';
export type { StoredState } from './platform/checkpoint-formats/policy-json/stored-state.ts';
export type { ErrorCode, JsonText, LoadedCheckpoint, RawJson, SavedCheckpoint, StateInput };
export { isRecoveryError, RecoveryError };
