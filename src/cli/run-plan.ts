import { RecoveryError } from '../core/errors.ts';
import type { Faults } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { findMissingCommand } from '../platform/find-missing-command.ts';
import type { Unrecorded } from '../runner/commit-journal.ts';
import { makeLocalEngine } from '../runner/engines/local/make-local-engine.ts';
import { holdLease, pickExpected } from '../runner/hold-lease.ts';
import { type BatchSpec, parseBatchSpec } from '../runner/job-file/schema.ts';
import type { JobRun } from '../runner/job-run.ts';
import { runJob } from '../runner/run-job.ts';
import type { RunPlan } from '../sources/native/act.ts';
import type { RunLog } from '../store/contract.ts';

/** No crash points outside tests. */
export const NO_FAULTS: Faults = { reach: () => {} };

/** Takes the lease an approved plan asks for and runs the rest of it. Errors: PREREQUISITE_MISSING, LEASE_HELD, EVIDENCE_STALE, STATE_*. */
export const runPlan: RunPlan = (asked) => runPlanWith(NO_FAULTS, asked);

/** The same with crash points: `after-lease`, and those of a run. */
export async function runPlanWith(faults: Faults, asked: Parameters<RunPlan>[0]): ReturnType<RunPlan> {
  const { store, job, approved, stop, kill, onEvent, onStarted } = asked;
  const { plan, consent, evidence } = approved;
  const spec = parseBatchSpec(job.spec);
  checkCommands(spec);
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
  const {
    end,
    error,
    settled,
    results,
    unrecorded = [],
  } = await runJob({
    store,
    job,
    spec,
    held,
    steps: plan.steps.filter((step) => step.by === 'runner'),
    orphans: evidence.orphans,
    makeEngine: makeEngineFor({ onEvent, faults, directory: store.directoryOf(job.id) }),
    clock: systemClock,
    random: Math.random,
    faults,
    stop,
    kill,
    onUnrecorded: makeLastWords(held.log),
    onEvent: (event) => onEvent(event.type === 'step' ? { ...event, index: event.index + 1 } : event),
  });
  const steps = first ? [{ step: first, state: 'done' as const }, ...results] : results;
  const warnings = unrecorded.map((said) => ({ code: error?.code ?? 'INTERNAL', message: describeUnrecorded(said) }));
  return { steps, end, settled, ...(error && { error }), ...(warnings.length > 0 && { warnings }) };
}

/** A command that went since the plan was made refuses a recovery before anything is touched. Errors: PREREQUISITE_MISSING. */
function checkCommands(spec: BatchSpec): void {
  for (const commandLine of [spec.command, spec.worker, spec.verify]) {
    const missing = commandLine === undefined ? undefined : findMissingCommand(commandLine, spec);
    if (!missing) continue;
    const { command, problem } = missing;
    throw new RecoveryError('PREREQUISITE_MISSING', `the command ${command} ${problem}`, { details: { command } });
  }
}

/** Makes what writes to the log of a job all that its rows say and that cannot be recorded. Errors: none. */
export function makeLastWords(log: RunLog): NonNullable<JobRun['onUnrecorded']> {
  return (said, { code }) => {
    const at = new Date(systemClock.nowMs()).toISOString();
    log.write(`${at} row ${said.number} note | ${describeUnrecorded(said)}: ${code}`);
  };
}

function describeUnrecorded({ number, receipt }: Unrecorded): string {
  return `${receipt === undefined ? `that row ${number} is done` : `the receipt ${receipt} of row ${number}`} could not be recorded`;
}

/** Makes the engine of a job, its lines going to the log and to whoever watches. */
export function makeEngineFor({
  onEvent,
  faults,
  directory,
}: {
  readonly onEvent: JobRun['onEvent'];
  readonly faults: Faults;
  /** The job's own, where it has one. */
  readonly directory: string | undefined;
}): JobRun['makeEngine'] {
  return ({ spec, held, job, checkHeld, onTakenBack }) =>
    makeLocalEngine({
      spec,
      jobId: job.id,
      runToken: held.runToken,
      epoch: held.epoch,
      ...(directory !== undefined && { markDirectory: directory }),
      checkHeld,
      onTakenBack,
      faults,
      onLine(unitNumber, stream, line) {
        const at = new Date(systemClock.nowMs()).toISOString();
        held.log.write(`${at} ${unitNumber === undefined ? 'worker' : `row ${unitNumber}`} ${stream} | ${line}`);
        onEvent({ type: 'line', text: line });
      },
    });
}
