/** What a schedule and the threads of its actors say to each other. */

/** Places of shared memory: whose turn it is, and whether to stop. */
export const TURN = 0;
export const STOP = 1;
/** Values of `TURN`. */
export const GO = 1;
export const DIE = 2;
/** Place of the time (epoch milliseconds) in the memory of the clock. */
export const CLOCK = 0;

/** What an actor does. */
export type Part =
  | { readonly type: 'choose'; readonly choice: 'resume' | 'restart' | 'cancel'; readonly isElsewhere?: true }
  /** Looks at what waits, asks the ledger, and says what is true of it; so often. */
  | { readonly type: 'settle'; readonly rounds: number }
  | { readonly type: 'write_back' }
  /** In a training control directory. */
  | { readonly type: 'control'; readonly choice: 'pause' | 'cancel' | 'rollback' }
  | { readonly type: 'repair' };

/** A part to be played in a state directory. */
export type Beginning = {
  readonly name: string;
  readonly part: Part;
  readonly path: string;
  readonly jobId: string;
  readonly ledgerPath: string;
  readonly turns: Int32Array<SharedArrayBuffer>;
  readonly clock: Float64Array<SharedArrayBuffer>;
  /** It waits for nobody. */
  readonly isFree: boolean;
};

/** What an actor came to: the codes it was refused or ended with, and how its run ended when it had one. */
export type Ending = { readonly codes: readonly string[]; readonly end?: string };

/** Where an actor waits, or how it ended. */
export type ActorNews = { readonly type: 'gate'; readonly label: string } | ({ readonly type: 'ended' } & Ending);

/**
 * A line of the ledger. `epoch` is the one of whose effect it is, `current` the highest one then; `stopped` says that
 * a stop was heard before. What was `told` is on disk, as far as the runner was told.
 */
export type LedgerEntry =
  | {
      readonly type: 'effect';
      readonly by: string;
      readonly key: string;
      readonly epoch: number;
      readonly current: number;
      readonly stopped: boolean;
    }
  | { readonly type: 'told'; readonly number: number; readonly receipt: string }
  /** What somebody saw of a job whose plan he agrees to. */
  | { readonly type: 'agreed'; readonly by: string; readonly epoch: number; readonly journalSequence: number }
  /** What somebody saw of a job and rows, and says a word about, which was taken. */
  | {
      readonly type: 'word';
      readonly epoch: number;
      readonly units: readonly { readonly number: number; readonly eventSequence: number }[];
    };
