/** What an engine is told to carry out: all it knows of a job, whatever kind it is of. */
import type { UnitWork } from '../../core/execution/unit-engine.ts';
import type { Environment } from '../command/row-environment.ts';

/** One command of one unit: arguments of `/bin/sh`, variables on top of those of the run, and what it is given to read. */
export type UnitCommand = {
  readonly args: readonly string[];
  readonly environment: Environment;
  readonly input: string;
};

/**
 * The program of a job: a command for each unit, or a worker (arguments of `/bin/sh`) that is given the units one by one.
 *
 * Errors of `command` and `verify`: UnpassableError when the unit cannot be given to a command; nothing was done then.
 */
export type UnitProgram = {
  readonly jobName: string;
  /** Where its commands run, and the variables that the job gives them. */
  readonly directory: string;
  readonly env: Environment;
  readonly command?: (work: UnitWork) => UnitCommand;
  readonly worker?: readonly string[];
  readonly verify?: (work: UnitWork) => UnitCommand;
  /** The field of what a command prints that is its receipt. */
  readonly receiptField?: string;
  readonly timeoutMs?: number;
};
