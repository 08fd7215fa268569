/** From the files of a shelf to the words of the core. Pure. */
import type { Diagnosis } from '../../../src/core/diagnosis/schema.ts';
import type { Evidence, UnitFacts } from '../../../src/core/evidence/schema.ts';
import { assembleProgress, type JobSummary, type UnitCounts } from '../../../src/core/job/schema.ts';
import type { AuditEntry } from '../../../src/core/ports.ts';
import type { JobFile, LogLine } from './schema.ts';

/** A job, and where its files are. */
export type ShelfJob = {
  readonly id: string;
  readonly path: string;
  readonly reportPath: string;
  readonly file: JobFile;
};

/** The items of a job as units, by number. */
export function translateUnits({ id, file }: ShelfJob): readonly UnitFacts[] {
  return Object.entries(file.items).map(([key, status], index) => ({
    number: index + 1,
    key,
    status,
    eventSequence: file.revision,
    idempotencyKey: `${id}/${key}`,
    attempts: status === 'pending' ? 0 : 1,
  }));
}

/** How many items are in each state. */
export function countItems(job: ShelfJob): UnitCounts {
  const count = (status: string) => Object.values(job.file.items).filter((one) => one === status).length;
  const none = { failed: 0, skipped: 0, needs_review: 0 };
  return { pending: count('pending'), in_doubt: count('in_doubt'), done: count('done'), ...none };
}

/** Everything there is to know of a job. Nobody holds it: what is recorded is all the evidence. */
export function translateEvidence(
  source: string,
  job: ShelfJob,
  { log, nowMs }: { readonly log: readonly LogLine[]; readonly nowMs: number },
): Evidence {
  const { status, active_ms: lastEventAtMs, runs, revision, name } = job.file;
  const attention = translateUnits(job).filter(({ status }) => status === 'in_doubt');
  return {
    job: { id: job.id, name, kind: 'batch', family: 'units', source },
    recorded: { status, runCount: runs, epoch: 0, lastEventAtMs },
    orphans: [],
    prerequisites: [],
    units: {
      unit: 'step',
      counts: countItems(job),
      attention,
      ...{ inDoubtWithReceipt: 0, doneWithReceipt: 0, inReviewWithReceipt: 0, canVerify: false },
      journalSequence: revision,
    },
    audit: { form: 'log', entryCount: log.length, actions: log.map(({ action }) => action) },
    collectedAtMs: nowMs,
  };
}

/** A line of a list. */
export function summarise({ job, recorded, units }: Evidence, diagnosis: Diagnosis): JobSummary {
  const { verdict, attention, recommended } = diagnosis;
  return {
    job,
    ...{ status: recorded.status, verdict, attention },
    progress: assembleProgress(units?.counts ?? NO_ITEMS, 'step'),
    ...(recorded.lastEventAtMs !== undefined && { sinceMs: recorded.lastEventAtMs }),
    ...(recommended && { recommended }),
  };
}

const NO_ITEMS: UnitCounts = { pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 };

/** A line of the log as an entry of an audit trail; there is no chain, so no hash. */
export function translateLine({ at_ms: atMs, principal, action }: LogLine, index: number): AuditEntry {
  return { sequence: index + 1, atMs, principal, action, outcome: 'done', details: {}, hash: '' };
}
