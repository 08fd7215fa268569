import type { TakenBack } from '../../../core/execution/unit-engine.ts';
import type { Faults } from '../../../core/ports.ts';
import type { UnitProgram } from '../unit-program.ts';

/** Where a line of output came from. `note` is the engine's own word on what it saw. */
export type LineStream = 'stdout' | 'stderr' | 'note';

/** Told every line that is not part of the protocol; raw, hostile text. No unit: the worker said it. */
export type OnLine = (unitNumber: number | undefined, stream: LineStream, line: string) => void;

/** What an engine on this machine needs. */
export type LocalEngineOptions = {
  readonly program: UnitProgram;
  readonly jobId: string;
  readonly epoch: number;
  readonly runToken: string;
  readonly onLine: OnLine;
  /** Where commands get a mark from that what they start cannot drop: the job's directory. Without it there is none. */
  readonly markDirectory?: string;
  /** Called right before each effect; rejects when the job is no longer held. */
  readonly checkHeld?: () => Promise<void>;
  /** Told of a row that was answered with a no, and of which its worker says something else later. */
  readonly onTakenBack?: TakenBack;
  /** Crash points: `before-spawn`, `after-spawn`. */
  readonly faults?: Faults;
};
