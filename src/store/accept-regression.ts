/** A person accepts a store that went back in time as the truth from now on. Source: decisions/0016. */
import type { DatabaseSync } from 'node:sqlite';
import type { RegressionFacts } from '../core/evidence/schema.ts';
import { describeRegression } from '../core/plan/describe-regression.ts';
import type { ProcessIdentity } from '../platform/process-probe.ts';
import { appendAudit, checkAuditChain } from './audit.ts';
import { doubtUnits } from './doubt-units.ts';
import { findRegression, formatReached, type HighWater, readHighWater, readReached } from './high-water.ts';
import type { JobRecord } from './jobs.ts';
import { insertLease, releaseLease } from './leases.ts';

/** How far a job once was and how far its store is; `mark` is absent where it cannot be read. */
export type Regressed = {
  readonly regression: RegressionFacts;
  readonly mark?: HighWater;
  readonly found: HighWater;
  /** Units may have been run that the store does not know of. */
  readonly mayHaveRun: boolean;
};

/** Who accepts it, and why. `atMs` is the time of consent. */
export type AcceptWord = {
  readonly principal: string;
  readonly reason: string;
  readonly atMs: number;
  readonly identity: ProcessIdentity;
};

/** What was made of it: the epoch that fences who ran before, and how many units were put in doubt by it. */
export type Accepted = { readonly epoch: number; readonly doubted: number };

/** Where nothing says how far epochs and events had come, this many are left out: no run has had so many holders. */
const LEAP = 1_000_000;

/**
 * Compares a job with its mark; undefined when its store is as far or further.
 *
 * Shapes: only where nothing but entries of the audit chain are missing, nothing can have been run: whoever runs takes an
 *         epoch, and every row has an event. A mark that cannot be read, and another history, say nothing.
 * Errors: none.
 */
export function inspectRegression(database: DatabaseSync, jobSeq: number, directory: string): Regressed | undefined {
  const read = readHighWater(directory);
  const regression = findRegression(database, jobSeq, read);
  if (!regression) return undefined;
  const found = readReached(database, jobSeq);
  const mark = read && !('damaged' in read) ? read : undefined;
  const isShorter = regression.what === 'audit' && mark !== undefined && mark.auditSequence > found.auditSequence;
  return { regression, found, mayHaveRun: !isShorter, ...(mark && { mark }) };
}

/**
 * Takes what the store says for the truth: with an audit entry of what went back, an epoch above every one there was, and
 * every unit in doubt that may have been run. Call it inside `changeJob` with `accepts`, which writes the mark anew.
 *
 * Errors: AUDIT_BROKEN.
 * Source: design, rules 6, 7 and 9.
 */
export function acceptRegression(
  database: DatabaseSync,
  job: Pick<JobRecord, 'seq' | 'status'>,
  { regressed, word }: { readonly regressed: Regressed; readonly word: AcceptWord },
): Accepted {
  checkAuditChain(database, job.seq);
  const { regression, mark, found, mayHaveRun } = regressed;
  const { principal, reason, atMs, identity } = word;
  const above = (name: 'epoch' | 'journalSequence') => Math.max(found[name], mark?.[name] ?? found[name] + LEAP);
  const epoch = above('epoch') + 1;
  insertLease(database, { jobSeq: job.seq, epoch, purpose: 'repair', identity, runToken: '', principal, atMs });
  releaseLease(database, job.seq, { epoch, atMs });
  const error = { code: 'STORE_REGRESSED', message: `it may have been done: ${describeRegression(regression)}` };
  const afterSequence = above('journalSequence');
  // Nothing of a cancelled job is run again.
  const isDoubted = mayHaveRun && job.status !== 'cancelled';
  const doubted = isDoubted ? doubtUnits(database, job.seq, { epoch, atMs, error, afterSequence }) : 0;
  appendAudit(database, job.seq, {
    atMs,
    principal,
    action: 'repair',
    outcome: 'done',
    details: {
      reason,
      epoch,
      units_in_doubt: doubted,
      what: regression.what,
      mark: mark ? formatReached(mark) : null,
      store: formatReached(found),
    },
  });
  return { epoch, doubted };
}
