/** Results of a plan being carried out: one for every step, including those never reached. */
import type { JobError, Progress } from '../job/schema.ts';
import type { Plan, PlanStep } from '../plan/schema.ts';

/**
 * What became of one step. `unknown` is an effect whose outcome cannot be told; it is never called failed. `stopped` is
 * one that was asked to stop before it was through.
 */
export type StepResult = {
  readonly step: PlanStep;
  readonly state: 'not_run' | 'running' | 'done' | 'stopped' | 'refused' | 'failed' | 'unknown';
  readonly detail?: string;
  readonly error?: JobError;
};

/** How a run of units ended. `stopped`: asked to stop after the unit in hand. */
export type RunEnd = 'completed' | 'failed' | 'stopped' | 'fenced';

/** What an executed plan came to. Counts are of this execution only. */
export type ExecutionResult = {
  readonly steps: readonly StepResult[];
  readonly end: RunEnd | 'cancelled' | 'refused';
  readonly error?: JobError;
  readonly settled: number;
  readonly progressAfter: Progress;
  readonly durationMs: number;
  readonly attempt: number;
  /** What went wrong beside it and undoes nothing of it. */
  readonly warnings?: readonly JobError[];
  /** Exit code of the signal that stopped it, when one did. */
  readonly signalExitCode?: number;
};

/** What is reported while a plan is carried out. Progress is read from the units, not counted along. */
export type ExecutionEvent =
  | { readonly type: 'step'; readonly index: number; readonly result: StepResult }
  | {
      readonly type: 'progress';
      readonly progress: Progress;
      readonly lastUnit?: { readonly number: number; readonly key: string; readonly receipt?: string };
    }
  | { readonly type: 'line'; readonly text: string };

/** Starts every step as not run, so that a report never has to guess. Source: style 2.4. */
export function startResults(plan: Plan): readonly StepResult[] {
  return plan.steps.map((step) => ({ step, state: 'not_run' }));
}
