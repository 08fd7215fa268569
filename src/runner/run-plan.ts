import type { ExecutionEvent, ExecutionResult } from '../core/execution/schema.ts';
import type { ApprovedPlan } from '../core/plan/schema.ts';
import type { Faults } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import type { JobStore } from '../store/contract.ts';
import type { JobRecord } from '../store/records.ts';
import { checkCommands } from './check-commands.ts';
import { holdLease, pickExpected } from './hold-lease.ts';
import type { JobRun } from './job-run.ts';
import { kindOf } from './kinds/registry.ts';
import { describeUnrecorded, makeEngineFor, makeLastWords } from './make-engine.ts';
import { runJob } from './run-job.ts';

/** Runs what is left of a job after an approved plan. */
export type RunPlan = (asked: PlanRun) => Promise<PlanRunResult>;

/** A plan to be run. */
export type PlanRun = {
  readonly store: JobStore;
  readonly job: JobRecord;
  readonly approved: ApprovedPlan;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  readonly onEvent: (event: ExecutionEvent) => void;
  /** The lease is taken and recorded: from here on the recovery acts. */
  readonly onStarted: () => void;
};

type PlanRunResult = Pick<ExecutionResult, 'steps' | 'end' | 'error' | 'settled' | 'warnings'>;

/** What tests change of a run: crash points (`after-lease`, and those of a run), and the engine. */
export type RunChange = { readonly faults?: Faults; readonly makeEngine?: JobRun['makeEngine'] };

/** No crash points outside tests. */
export const NO_FAULTS: Faults = { reach: () => {} };

/**
 * Takes the lease that an approved plan asks for and runs the rest of it.
 *
 * Errors: PREREQUISITE_MISSING, LEASE_HELD, EVIDENCE_STALE, STATE_*; nothing was begun then.
 */
export const runPlan: RunPlan = (asked) => runPlanWith({}, asked);

/** The same with changes. */
export async function runPlanWith(
  { faults = NO_FAULTS, makeEngine }: RunChange,
  asked: PlanRun,
): Promise<PlanRunResult> {
  const { store, job, approved, stop, kill, onEvent, onStarted } = asked;
  const { plan, consent, evidence } = approved;
  const work = (await kindOf(job).load()).parse(job.spec);
  const { unit } = work;
  // A command that went since the plan was made refuses a recovery before anything is touched.
  checkCommands(work, 'PREREQUISITE_MISSING');
  const held = await holdLease({
    store,
    job,
    expected: pickExpected(evidence),
    audit: {
      atMs: systemClock.nowMs(),
      principal: consent.principal,
      action: plan.choice,
      outcome: 'done',
      planDigest: plan.digest,
      details: consent.reason === undefined ? {} : { reason: consent.reason },
    },
  });
  faults.reach('after-lease');
  onStarted();
  const [first] = plan.steps;
  if (first) onEvent({ type: 'step', index: 0, result: { step: first, state: 'done', detail: `epoch ${held.epoch}` } });
  const setting = { unit, onEvent, faults, directory: store.directoryOf(job.id), clock: systemClock };
  const {
    end,
    error,
    settled,
    results,
    unrecorded = [],
  } = await runJob({
    ...{ store, job, work, held, faults, stop, kill },
    steps: plan.steps.filter((step) => step.by === 'runner'),
    orphans: evidence.orphans,
    makeEngine: makeEngine ?? makeEngineFor(setting),
    clock: systemClock,
    random: Math.random,
    onUnrecorded: makeLastWords(held.log, { unit, clock: systemClock }),
    onEvent: (event) => onEvent(event.type === 'step' ? { ...event, index: event.index + 1 } : event),
  });
  const steps = first ? [{ step: first, state: 'done' as const }, ...results] : results;
  const code = error?.code ?? 'INTERNAL';
  const warnings = unrecorded.map((said) => ({ code, message: describeUnrecorded(said, unit) }));
  return { steps, end, settled, ...(error && { error }), ...(warnings.length > 0 && { warnings }) };
}
