/** What one run of a job is made of, and what its steps share. */
import type { OrphanFacts } from '../core/evidence/schema.ts';
import type { UnitPorts } from '../core/execution/run-unit.ts';
import type { ExecutionEvent } from '../core/execution/schema.ts';
import type { TakenBack, UnitEngine } from '../core/execution/unit-engine.ts';
import type { JobError } from '../core/job/schema.ts';
import type { RunnerStep } from '../core/plan/schema.ts';
import type { Clock, Faults } from '../core/ports.ts';
import type { HeldJob, JobStore } from '../store/contract.ts';
import type { JobRecord } from '../store/records.ts';
import type { Unrecorded } from './commit-journal.ts';
import type { UnitProgram } from './engines/unit-program.ts';
import type { JobWork, UnitsEnd } from './job-work.ts';
import type { Tally } from './tally.ts';

/** A run to be carried out. `steps` are those of the plan that are a runner's. */
export type JobRun = {
  readonly store: JobStore;
  readonly job: JobRecord;
  readonly work: JobWork;
  readonly held: HeldJob;
  readonly steps: readonly RunnerStep[];
  readonly orphans: readonly OrphanFacts[];
  readonly makeEngine: (options: EngineOptions) => UnitEngine;
  readonly clock: Clock;
  readonly random: () => number;
  /** Crash points: those of core/execution, of the engine, of finish-run, and `after-settle`. */
  readonly faults: Faults;
  /** Asks to stop after the units in hand. */
  readonly stop: AbortSignal;
  /** Ends what is in hand at once; those units are in doubt. */
  readonly kill: AbortSignal;
  readonly onEvent: (event: ExecutionEvent) => void;
  /** Told of all that a row says and that cannot be recorded any more. */
  readonly onUnrecorded?: (said: Unrecorded, reason: JobError) => void;
};

/** What an engine is made with. */
export type EngineOptions = {
  readonly program: UnitProgram;
  readonly held: HeldJob;
  readonly job: JobRecord;
  /** Called right before each effect; rejects when the job is no longer held. */
  readonly checkHeld: () => Promise<void>;
  /** Called when a failure that was told is taken back. */
  readonly onTakenBack: TakenBack;
};

/** What the steps of one run share. */
export type StepContext = {
  readonly run: JobRun;
  readonly engine: UnitEngine;
  readonly ports: UnitPorts;
  readonly tally: Tally;
  readonly stop: AbortSignal;
  settled: number;
  /** Units in doubt that the verify hook was not asked about, since it did not answer. */
  unasked: number;
  units: UnitsEnd;
};
