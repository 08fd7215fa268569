/** What one family of jobs is: how it is judged, what can be chosen for it, and what its reports say besides. */
import type { Diagnosis } from '../diagnosis/schema.ts';
import type { Evidence } from '../evidence/schema.ts';
import type { ActingChoice } from '../job/schema.ts';
import type { AccessAction, AccessPolicy } from '../plan/access.ts';
import type { ChoiceRow } from '../plan/choice-row.ts';
import type { ApprovedPlan } from '../plan/schema.ts';
import type { RecoveryReport } from '../report/schema.ts';

/** What a family says in its reports, in the fields of the contract. */
export type ReportParts = Partial<
  Pick<
    RecoveryReport,
    | 'strategy'
    | 'crash_evidence'
    | 'prior_training_state'
    | 'checkpoint_source'
    | 'checkpoint_path'
    | 'checkpoint_run_id'
    | 'checkpoint_global_step'
    | 'checkpoint_optimizer_step'
  >
> & {
  /** What is said before the reason that was given and what went wrong, in order. */
  readonly diagnostics: readonly string[];
};

/** What a report is made of that a family may speak of. `notes` are lines of its source. */
export type Reported = {
  readonly approved: ApprovedPlan;
  readonly diagnosis: Diagnosis;
  readonly policy: AccessPolicy;
  readonly notes: readonly string[];
  readonly describeFindings: () => readonly string[];
};

/** One family of jobs. */
export type Family = {
  readonly name: string;
  /** What an access policy calls what is done to a job of it. */
  readonly formatAction: (deed: ActingChoice | 'repair') => AccessAction;
  /** Says what the evidence means. Errors: none. Same evidence, same diagnosis. */
  readonly diagnose: (evidence: Evidence) => Diagnosis;
  /** In the order they are offered. */
  readonly choices: readonly ChoiceRow[];
  readonly report: (reported: Reported) => ReportParts;
};
