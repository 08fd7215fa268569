/** What carries out one unit. `unknown` is never called failed: a timeout proves nothing. */
import type { JobError } from '../job/schema.ts';

/** One unit to do. `rowJson` is the row as JSON text, exact; the idempotency key is the same for every attempt. */
export type UnitWork = {
  readonly number: number;
  readonly key: string;
  readonly idempotencyKey: string;
  readonly attempt: number;
  readonly rowJson: string;
};

/**
 * How one attempt ended. Only `failed` says that nothing was done. `isOver` is false when something of the attempt may
 * still be acting: then nothing that looks now can tell.
 */
export type UnitOutcome =
  | { readonly type: 'done'; readonly receipt?: string; readonly resultJson?: string }
  | { readonly type: 'failed'; readonly error: JobError }
  | { readonly type: 'unknown'; readonly error: JobError; readonly receipt?: string; readonly isOver?: false };

/**
 * What a verify hook says of a unit in doubt. `unknown` is an answer that tells nothing, or contradicts itself;
 * `unanswered` is none at all, so that it may be asked again. `isDown` says that it did not get to answer: it could not
 * be started, was ended or did not end in time.
 */
export type VerifyOutcome =
  | { readonly type: 'done'; readonly receipt?: string }
  | { readonly type: 'not_done' }
  | { readonly type: 'unknown'; readonly error: JobError }
  | { readonly type: 'unanswered'; readonly error: JobError; readonly isDown: boolean }
  /** It was not asked, since it did not answer before. */
  | { readonly type: 'unasked'; readonly error: JobError };

/** Why a failure, which was accepted, counts no more, and the receipt that came with that word. */
export type TakenBackWord = { readonly error: JobError; readonly receipt?: string };

/** Told that a failure, which was accepted, is taken back: nobody can tell how the unit came out. */
export type TakenBack = (work: UnitWork, word: TakenBackWord) => void;

/** Told a receipt the moment it is known; resolves once it is on disk. */
export type OnReceipt = (receipt: string) => Promise<void>;

/** A unit that an earlier runner began; `reference` is what its work is known by where it goes on. */
export type BegunWork = UnitWork & { readonly reference: string };

/**
 * Carries out units. `stop` ends it in peace, `kill` at once.
 *
 * An engine whose work outlives its runner says what the work is known by: it calls `onReference` as soon as the work is
 * begun, and awaits it before it waits for the work. A runner that dies after that leaves a unit that the next one
 * attaches to, and never begins again; one that dies before leaves it in doubt. When such an engine is killed it lets
 * go of the work and rejects.
 */
export type UnitEngine = {
  readonly start: () => Promise<void>;
  /** Errors: RUN_FAILED and RUN_INTERRUPTED say that nothing was begun, as long as no reference was told. */
  readonly perform: (
    work: UnitWork,
    onReceipt: OnReceipt,
    onReference: (reference: string) => Promise<void>,
  ) => Promise<UnitOutcome>;
  /** Waits for work that was begun before. It begins nothing: what cannot be found any more is `unknown`. */
  readonly attach?: (work: BegunWork, onReceipt: OnReceipt) => Promise<UnitOutcome>;
  readonly verify?: (work: UnitWork) => Promise<VerifyOutcome>;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
};
