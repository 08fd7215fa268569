import type { Clock, Faults } from '../core/ports.ts';
import type { RunLog } from '../store/contract.ts';
import type { Unrecorded } from './commit-journal.ts';
import { makeLocalEngine } from './engines/local/make-local-engine.ts';
import type { JobRun } from './job-run.ts';

/** What engines of a run have in common. */
export type EngineSetting = {
  /** What the units of the job are called. */
  readonly unit: 'row' | 'step';
  readonly onEvent: JobRun['onEvent'];
  readonly faults: Faults;
  /** The job's own, where it has one. */
  readonly directory: string | undefined;
  readonly clock: Clock;
};

/** Makes the engine of a job, its lines going to the log and to whoever watches. */
export function makeEngineFor({ unit, onEvent, faults, directory, clock }: EngineSetting): JobRun['makeEngine'] {
  return ({ program, held, job, checkHeld, onTakenBack }) =>
    makeLocalEngine({
      program,
      jobId: job.id,
      runToken: held.runToken,
      epoch: held.epoch,
      ...(directory !== undefined && { markDirectory: directory }),
      checkHeld,
      onTakenBack,
      faults,
      onLine(unitNumber, stream, line) {
        const at = new Date(clock.nowMs()).toISOString();
        const who = unitNumber === undefined ? 'worker' : `${unit} ${unitNumber}`;
        held.log.write(`${at} ${who} ${stream} | ${line}`);
        onEvent({ type: 'line', text: line });
      },
    });
}

/** Makes what writes to the log of a job all that its units say and that cannot be recorded. Errors: none. */
export function makeLastWords(
  log: RunLog,
  { unit, clock }: { readonly unit: 'row' | 'step'; readonly clock: Clock },
): NonNullable<JobRun['onUnrecorded']> {
  return (said, { code }) => {
    const at = new Date(clock.nowMs()).toISOString();
    log.write(`${at} ${unit} ${said.number} note | ${describeUnrecorded(said, unit)}: ${code}`);
  };
}

/** What a unit said and could not be recorded. Errors: none. */
export function describeUnrecorded({ number, receipt }: Unrecorded, unit: 'row' | 'step'): string {
  const what = receipt === undefined ? `that ${unit} ${number} is done` : `the receipt ${receipt} of ${unit} ${number}`;
  return `${what} could not be recorded`;
}
