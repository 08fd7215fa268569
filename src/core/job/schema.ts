/** What an operator recovers: its identity, its claimed status and how far it got. */

/** What the evidence says about a job, whatever its recorded status claims. Source: design, words. */
export const VERDICTS = [
  'alive',
  'stalled',
  'interrupted',
  'paused',
  'failed',
  'finished',
  'cancelled',
  'inconsistent',
  'unknown',
] as const;
/** One of the verdicts. */
export type Verdict = (typeof VERDICTS)[number];

/**
 * What a person must know of a job, the most urgent first. "in doubt" is any unit whose outcome nobody knows, whatever
 * the verdict; `recovering` is a living run that is not the job's first. Source: contract, list --json; console, STATE.
 */
export const ATTENTIONS = [
  'inconsistent',
  'in doubt',
  'failed',
  'interrupted',
  'stalled',
  'unknown',
  'recovering',
  'running',
  'paused',
  'finished',
  'cancelled',
] as const;
/** One of them. */
export type Attention = (typeof ATTENTIONS)[number];

/** What an operator may do with a job; which of these a job has says its family. Source: contract, commands. */
export const ACTING_CHOICES = ['resume', 'restart', 'stop', 'cancel', 'pause', 'rollback'] as const;
/** One of the choices that act. */
export type ActingChoice = (typeof ACTING_CHOICES)[number];

/** What an operator may choose for a job: to do something, or to look at what waits for review. */
export const CHOICES = [...ACTING_CHOICES, 'review'] as const;
/** One of the choices. */
export type Choice = (typeof CHOICES)[number];

/** Statuses Salvor's own store records. They are claims: liveness is diagnosed. */
export const NATIVE_STATUSES = ['pending', 'running', 'stopped', 'failed', 'completed', 'cancelled'] as const;
/** One of the statuses of Salvor's own store. */
export type NativeStatus = (typeof NATIVE_STATUSES)[number];

/** States of one unit (a row or a step). `in_doubt`: its effect was started, its outcome is not known. */
export const UNIT_STATUSES = ['pending', 'in_doubt', 'done', 'failed', 'skipped', 'needs_review'] as const;
/** One of the states of a unit. */
export type UnitStatus = (typeof UNIT_STATUSES)[number];

/**
 * Identity of a job. `kind` is a word that whoever runs such jobs knows: a `batch` has rows, a `workflow` steps, a
 * `training` checkpoints. `family` says whose rules hold for it (see core/families); `directory` is where its report and log
 * are kept, when it has such a place.
 */
export type JobRef = {
  readonly id: string;
  readonly name: string;
  readonly kind: string;
  readonly family: string;
  readonly source: string;
  readonly directory?: string;
};

/** An error as an operator meets it: a stable code and one line of text from the failing side. */
export type JobError = { readonly code: string; readonly message: string };

/** How many units are in each state. Always computed from the units themselves, never kept beside them. */
export type UnitCounts = Readonly<Record<UnitStatus, number>>;

/** How far a job got, in units. `unit` names what is counted. */
export type Progress = {
  readonly done: number;
  readonly total: number;
  readonly unit: 'row' | 'step';
  readonly failed: number;
  readonly inDoubt: number;
  readonly needsReview: number;
};

/** Recovery objectives of a job, in seconds; only training tiers have them. Source: seed 003. */
export type Objectives = {
  readonly tier: string;
  readonly rtoSeconds: number;
  readonly rtoRemainingSeconds: number;
  readonly rpoSeconds: number;
  readonly rpoExposureSeconds: number;
};

/** From here on a list no longer counts receipts: it says that there are at least so many. */
export const RECEIPT_COUNT_LIMIT = 10_000;

/** One line of the jobs list. Times are epoch milliseconds, UTC. */
export type JobSummary = {
  readonly job: JobRef;
  readonly status: string;
  readonly verdict: Verdict;
  readonly attention: Attention;
  readonly progress: Progress;
  /** When it came to this: when it stopped, or when the runner that lives took it. */
  readonly sinceMs?: number;
  readonly interruptedAtMs?: number;
  readonly lastError?: JobError;
  readonly checkpoint?: 'primary' | 'fallback' | 'none';
  /** How many units have a receipt, counted up to `RECEIPT_COUNT_LIMIT`; what a list shows in place of a checkpoint. */
  readonly receiptCount?: number;
  readonly recommended?: Choice;
  /** Nobody can tell whether it was running: no choice takes it but by its name. */
  readonly mustBeNamed?: true;
  readonly objectives?: Objectives;
};

/** Makes a progress of counted units. Skipped units count as neither done nor left. */
export function assembleProgress(counts: UnitCounts, unit: 'row' | 'step'): Progress {
  return {
    done: counts.done,
    total: countUnits(counts),
    unit,
    failed: counts.failed,
    inDoubt: counts.in_doubt,
    needsReview: counts.needs_review,
  };
}

/** Sums all states: the number of units a job has. */
export function countUnits(counts: UnitCounts): number {
  return UNIT_STATUSES.reduce((sum, status) => sum + counts[status], 0);
}

/** Units whose outcome waits for a person or a hook. */
export function countOpen(counts: UnitCounts | undefined): number {
  return counts ? counts.in_doubt + counts.needs_review : 0;
}
