import { RecoveryError } from '../core/errors.ts';
import type { UnitEnd } from '../core/execution/run-unit.ts';
import type { StepResult } from '../core/execution/schema.ts';
import { describeLeftInDoubt } from '../core/execution/unanswered.ts';
import type { UnitStatus } from '../core/job/schema.ts';
import type { RunnerStep } from '../core/plan/schema.ts';
import { awaitGone, endProcesses } from '../platform/end-processes.ts';
import { findOrphans } from '../platform/find-orphans.ts';
import type { UnitsChange } from '../store/contract.ts';
import type { UnitEvent } from '../store/unit-events.ts';
import { makeBegunUnits } from './begun-units.ts';
import type { StepContext } from './job-run.ts';
import { runUnits } from './run-units.ts';
import { settleDoubt } from './settle-doubt.ts';

/** How long an orphan has to end after SIGTERM, and after SIGKILL. */
const ORPHAN_GRACE_MS = 5_000;

/** How a step came out, and what to say of it, if anything. */
export type AppliedStep = Pick<StepResult, 'detail' | 'error'> & { readonly state: 'done' | 'stopped' | 'failed' };

type Apply = (context: StepContext) => Promise<AppliedStep>;

const done = (detail: string): AppliedStep => ({ state: 'done', detail });

const APPLY = {
  end_orphans: endOrphans,
  await_orphans: awaitOrphans,
  settle_units: settleUnits,
  ask_again: askHookAgain,
  retry_failed_units: retryUnits,
  reset_units: startOver,
  run_units: runAllUnits,
} as const satisfies Record<RunnerStep['action'], Apply>;

/**
 * Carries out one step of a run and says how it came out.
 *
 * Errors: ORPHAN_NOT_ENDED, RUN_INTERRUPTED, LEASE_FENCED, STATE_UNWRITABLE, STATE_UNREACHABLE, RUN_FAILED.
 */
export function applyStep(context: StepContext, step: RunnerStep): Promise<AppliedStep> {
  return APPLY[step.action](context);
}

async function endOrphans(context: StepContext): Promise<AppliedStep> {
  const ended = new Set<number>();
  // The end of a process makes its children visible as orphans of their own, down to the last one.
  for (let left = context.run.orphans; left.length > 0; left = findLeftovers(context)) {
    checkNotStopped(context.stop);
    const stubborn = await endProcesses(left, ORPHAN_GRACE_MS);
    if (stubborn.length > 0) {
      const pids = stubborn.map((process) => process.pid).join(', ');
      throw new RecoveryError('ORPHAN_NOT_ENDED', `processes ${pids} of the dead runner could not be ended`);
    }
    for (const { pid } of left) ended.add(pid);
  }
  return done(ended.size === 1 ? '1 process ended' : `${ended.size} processes ended`);
}

async function awaitOrphans(context: StepContext): Promise<AppliedStep> {
  for (let left = context.run.orphans; left.length > 0; left = findLeftovers(context)) {
    // A stop may be asked for while waiting; a short wait at a time lets it be heard.
    while ((await awaitGone(left, 1_000)).length > 0) checkNotStopped(context.stop);
  }
  return done('all ended by themselves');
}

/** Children that an orphan left behind carry the token of the same run. */
function findLeftovers({ run }: StepContext) {
  return findOrphans(run.held.earlierTokens);
}

async function settleUnits(context: StepContext): Promise<AppliedStep> {
  const { run, engine, tally } = context;
  const settled = await settleDoubt({
    held: run.held,
    engine,
    clock: run.clock,
    checkNotStopped: () => checkNotStopped(context.stop),
    onSettled: ({ type }) => {
      tally.move('in_doubt', SETTLED_AS[type] ?? 'in_doubt');
      tally.tell();
      run.faults.reach('after-settle');
    },
  });
  context.settled += settled.byReceipt + settled.verified;
  const { unanswered, unasked } = settled;
  const detail = [
    `${settled.byReceipt} by receipt`,
    `${settled.verified} by the verify hook`,
    `${settled.toReview} to review`,
    ...(settled.begun > 0 ? [`${settled.begun} to be attached to`] : []),
    ...(unanswered > 0 ? [`${unanswered} without an answer`] : []),
    ...(unasked > 0 ? [`${unasked} not asked about, since the hook did not answer before`] : []),
  ].join(', ');
  context.unasked = unasked;
  if (unanswered + unasked === 0) return done(detail);
  return { state: 'failed', detail, error: describeLeftInDoubt(unanswered + unasked, unasked) };
}

const SETTLED_AS: Readonly<Partial<Record<UnitEvent['type'], UnitStatus>>> = {
  done: 'done',
  not_done: 'pending',
  unknown: 'needs_review',
};

async function askHookAgain(context: StepContext): Promise<AppliedStep> {
  checkNotStopped(context.stop);
  return done(`${await changeUnits(context, 'ask_again')} to be asked about`);
}

async function retryUnits(context: StepContext): Promise<AppliedStep> {
  checkNotStopped(context.stop);
  return done(`${await changeUnits(context, 'retry_failed')} to be tried again`);
}

async function startOver(context: StepContext): Promise<AppliedStep> {
  checkNotStopped(context.stop);
  return done(`${await changeUnits(context, 'reset')} back to the start`);
}

async function changeUnits({ run, tally }: StepContext, how: UnitsChange): Promise<number> {
  const { held, clock } = run;
  const count = await held.changeUnits(how, clock.nowMs());
  tally.replace(await held.counts());
  tally.tell();
  return count;
}

const ENDED_AS: Readonly<Record<UnitEnd['type'], UnitStatus>> = {
  done: 'done',
  failed: 'failed',
  unknown: 'needs_review',
  unanswered: 'in_doubt',
  postponed: 'pending',
};

async function runAllUnits(context: StepContext): Promise<AppliedStep> {
  const { run, ports, tally, stop } = context;
  let count = 0;
  let failed = false;
  context.units = await runUnits({
    held: run.held,
    course: run.work.makeCourse(run.held),
    ...(context.engine.attach && { begun: makeBegunUnits(run.held) }),
    concurrency: run.work.concurrency,
    signal: stop,
    ports,
    onUnit: (unit, end) => {
      count += 1;
      if (end.type === 'failed') failed = true;
      tally.move('reference' in unit ? 'in_doubt' : 'pending', ENDED_AS[end.type]);
      const { number, key } = unit;
      tally.tell({ number, key, ...(end.receipt !== undefined && { receipt: end.receipt }) });
    },
  });
  const { end, error } = context.units;
  const detail = `${count} run`;
  if (end === 'stopped') return { state: 'stopped', detail };
  return end === 'halted' || failed ? { state: 'failed', detail, ...(error && { error }) } : done(detail);
}

/** Refuses to go on when a stop was asked for between two steps. Errors: RUN_INTERRUPTED. */
function checkNotStopped(stop: AbortSignal): void {
  if (stop.aborted) throw new RecoveryError('RUN_INTERRUPTED', 'the run was stopped before its units were started');
}
