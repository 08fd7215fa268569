/** A kind of jobs: a row of the registry. What it does with its jobs is loaded when one of them is run. */
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { CommandPlace } from '../../platform/find-missing-command.ts';
import type { JobText } from '../job-file/parse-job-text.ts';
import type { JobWork } from '../job-work.ts';
import type { SpecFields } from './spec-fields.ts';

/** The part of a job's specification that evidence and lists need. */
export type SpecFacts = {
  readonly receiptLabel?: string;
  readonly canVerify: boolean;
  /** Whether results go into a file of the operator's. */
  readonly writesBack?: true;
  /** What it needs before it runs: the directory that its commands run in. */
  readonly directory?: string;
  /** And the command lines that a recovery may start, and where they run; absent when that is not said. */
  readonly commands?: { readonly lines: readonly string[]; readonly place: CommandPlace };
};

/** A job file that was read: its text, where it stands, and what was asked for beside it. */
export type JobFile = {
  readonly text: JobText;
  /** What it is called in messages, and the absolute directory it stands in. */
  readonly path: string;
  readonly directory: string;
  /** Parameters given for this run; they replace the file's own. */
  readonly params: Readonly<Record<string, string>>;
  /** The name of the job, when it is not the file's. */
  readonly name?: string;
};

/** What a kind does with its jobs. */
export type KindWork = {
  /**
   * Errors: JOB_FILE_INVALID, ROWS_INVALID; USAGE_INVALID for a parameter that the file neither declares nor uses.
   */
  readonly readFile: (file: JobFile) => Promise<JobWork>;
  /** Reads a recorded specification back. Errors: STATE_CORRUPT when it is none of this kind. */
  readonly parse: (spec: string) => JobWork;
};

/** One kind. `name` is the `kind` of its job files, and what is recorded. */
export type Kind = {
  readonly name: string;
  readonly unit: 'row' | 'step';
  /**
   * What a recorded specification says; fields that are not as they should be say nothing. They are read by hand: a schema
   * library takes longer to load than a short command may. Errors: none.
   */
  readonly readFacts: (spec: SpecFields) => SpecFacts;
  /** Where a unit stands in its job: `rows/48`. Source: decisions/0036. */
  readonly formatPath: (unit: Pick<UnitFacts, 'number' | 'key'>) => string;
  readonly load: () => Promise<KindWork>;
};
