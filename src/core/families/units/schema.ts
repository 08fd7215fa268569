/** What jobs of rows or steps add to the words of the flow. */

/** What the units of a job show. */
export type UnitsFinding =
  | {
      readonly type: 'units_in_doubt';
      readonly count: number;
      readonly withReceipt: number;
      readonly canVerify: boolean;
    }
  /** Begun by a runner that lives. */
  | { readonly type: 'units_in_hand'; readonly count: number }
  | { readonly type: 'units_need_review'; readonly count: number }
  | { readonly type: 'units_failed'; readonly count: number };

/** Steps on units, which a runner carries out while it holds the job. */
export type UnitsStep = { readonly by: 'runner' } & (
  | {
      readonly action: 'settle_units';
      readonly byReceipt: number;
      readonly byVerify: number;
      readonly toReview: number;
    }
  /** Units under review that go back in doubt, so that the hook is asked about them; `settle_units` counts them too. */
  | { readonly action: 'ask_again'; readonly count: number }
  | { readonly action: 'retry_failed_units'; readonly count: number }
  | { readonly action: 'reset_units'; readonly count: number }
  /** `unlessDone` is how many units more may run: those the verify hook is asked about, where it says not done. */
  | { readonly action: 'run_units'; readonly count: number; readonly unlessDone?: number }
);

/** What to know about units before agreeing. */
export type UnitsWarning =
  | 'WOULD_REPEAT'
  | 'MAY_REPEAT'
  | 'UNITS_NEED_REVIEW'
  | 'UNITS_ABANDONED'
  | 'OUTCOMES_UNKNOWN'
  /** The runner does not move: it may not hear that it is to stop. */
  | 'RUNNER_STALLED'
  /** The runner lives where nobody can ask it from here: what it has in hand is taken from it unfinished. */
  | 'RUNNER_OUT_OF_REACH';

/** What this family adds to the words of the flow. */
export type UnitsVocabulary = {
  readonly finding: UnitsFinding;
  readonly step: UnitsStep;
  readonly warning: UnitsWarning;
};
