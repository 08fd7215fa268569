import type { DatabaseSync } from 'node:sqlite';
import { type JobFacts, listContradictions } from '../../core/diagnosis/job-facts.ts';
import { isListed, judgeJob, needsOperator } from '../../core/diagnosis/judge-job.ts';
import { HEARTBEAT_TTL_MS, judgeLiveness, type LivenessJudgement } from '../../core/diagnosis/judge-liveness.ts';
import type { LeaseHolder } from '../../core/evidence/schema.ts';
import { ATTENTIONS, type Attention, assembleProgress, type JobSummary } from '../../core/job/schema.ts';
import type { JobPage, JobQuery } from '../../core/ports.ts';
import { listPids, readOwnIdentity } from '../../platform/process-probe.ts';
import { findBrokenChains } from '../../store/audit.ts';
import { lookAtStore } from '../../store/database.ts';
import { findRegression, makeRegressionFinder, readHighWater } from '../../store/high-water.ts';
import { type ListClass, type ListFilter, type ListOrder, openListOrder } from '../../store/list-order.ts';
import { filterJobs, type ListedJob, readListedJobs, readPossiblyAlive } from '../../store/list-queries.ts';
import { makePrerequisiteCheck } from './check-prerequisites.ts';
import { jobDirectory, lockPath } from './layout.ts';
import { probeLiveness } from './probe-liveness.ts';
import { translateSpecFacts } from './translate.ts';

/** So many jobs of a list, the most urgent, are compared with their marks: that is two small files each. */
const COMPARED_JOBS = 100;
/** How many jobs are looked at in one go when a verdict is asked for. */
const SCAN_PAGE = 1000;

/**
 * Lists the jobs of a native state directory, most urgent first; changes nothing.
 *
 * Only holders whose process exists are probed: all others are dead by what the process table says, so a list costs
 * the same however many jobs there are. What takes reading besides the store (rows files, directories) and the audit
 * chains are looked at for the jobs of the page alone: a job whose chain is broken comes first on its page.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 * Source: contract, list; design, rule 2.
 */
export function listJobs(stateDirectory: string, query: JobQuery, nowMs: number): JobPage {
  const here = readOwnIdentity();
  const now = { pids: listPids(), heartbeatSinceMs: nowMs - HEARTBEAT_TTL_MS };
  const page = lookAtStore(stateDirectory, (database) => {
    const judged = new Map(
      readPossiblyAlive(database, here, now).map(({ jobSeq, jobId, holder }) => {
        const facts = probeLiveness(holder, lockPath(stateDirectory, jobId), nowMs);
        return [jobSeq, { holder, judgement: judgeLiveness(holder, facts) }];
      }),
    );
    const checkPrerequisites = makePrerequisiteCheck(database);
    const isRegressed = makeComparison(database, stateDirectory);
    const summarise = (seqs: readonly number[]): readonly Listed[] => {
      const broken = findBrokenChains(database, seqs);
      return readListedJobs(database, seqs, { withReceipts: query.withReceipts === true }).map((job) => ({
        seq: job.seq,
        summary: summariseJob(stateDirectory, job, {
          isAuditBroken: broken.has(job.seq),
          isRegressed: isRegressed(job),
          ...(judged.get(job.seq) ?? NOT_THERE),
          prerequisites: checkPrerequisites(job),
        }),
      }));
    };
    const matches = { ...(query.text !== undefined && { text: query.text }), ...(query.kind && { kind: query.kind }) };
    const undead = [...judged].filter(([, { judgement }]) => judgement.type !== 'dead');
    undead.sort(([, one], [, other]) => other.holder.acquiredAtMs - one.holder.acquiredAtMs);
    const living = summarise(
      filterJobs(
        database,
        undead.map(([seq]) => seq),
        matches,
      ),
    ).filter(({ summary }) => !isRecorded(summary));
    const excludedSeqs = living.map(({ seq }) => seq);
    const { scope } = query;
    const order = openListOrder(database, { scope, excludedSeqs, ...matches });
    const read = (slice: Slice) => sortPage(readSlice(order, { scope, living, slice, summarise }));
    if (query.verdict !== undefined || query.attention !== undefined) return selectVerdict(query, read);
    const goingOn = living.filter(({ summary }) => !needsOperator(summary.attention)).length;
    return { jobs: read(query), total: order.countAll() + living.length, goingOn };
  });
  return page ?? { jobs: [], total: 0 };
}

type Slice = { readonly offset: number; readonly limit: number };
type Listed = { readonly seq: number; readonly summary: JobSummary };

/** What the store alone puts into the order. */
const RECORDED: readonly ListClass[] = ['in doubt', 'failed', 'interrupted', 'finished', 'cancelled'];

function asRecorded(attention: Attention): ListClass | undefined {
  return RECORDED.find((name) => name === attention);
}

/** Whether a job that may live stands where the store has it all the same. */
function isRecorded({ attention }: JobSummary): boolean {
  return asRecorded(attention) !== undefined;
}

type Reading = {
  readonly scope: ListFilter['scope'];
  /** Jobs whose place follows from a living runner. */
  readonly living: readonly Listed[];
  readonly slice: Slice;
  readonly summarise: (seqs: readonly number[]) => readonly Listed[];
};

/** Cuts a slice out of the whole order: classes of the store, and living jobs between them. */
function readSlice(order: ListOrder, { scope, living, slice, summarise }: Reading): readonly JobSummary[] {
  const found: JobSummary[] = [];
  let { offset, limit } = slice;
  for (const attention of ATTENTIONS) {
    if (limit === 0) break;
    const name = asRecorded(attention);
    if (scope === 'attention' && !isListed(attention)) continue;
    const own = living.filter(({ summary }) => summary.attention === attention);
    const part = name ? summarise(order.read(name, { offset, limit })) : own.slice(offset, offset + limit);
    found.push(...part.map(({ summary }) => summary));
    limit -= part.length;
    // How long a class is matters only to whoever reads on behind it.
    const isWithin = part.length > 0 || offset === 0;
    offset = isWithin ? 0 : offset - (name ? order.count(name) : own.length);
  }
  return found;
}

/** A place in the order is found by what the store knows; what a closer look found comes first on its page. */
function sortPage(jobs: readonly JobSummary[]): readonly JobSummary[] {
  const isBad = ({ attention }: JobSummary) => attention === 'inconsistent';
  return [...jobs.filter(isBad), ...jobs.filter((job) => !isBad(job))];
}

/** A verdict is diagnosed, not recorded, so every job has to be looked at to select by it. */
function selectVerdict(query: JobQuery, read: (slice: Slice) => readonly JobSummary[]): JobPage {
  const matching: JobSummary[] = [];
  for (let offset = 0; ; offset += SCAN_PAGE) {
    const slice = read({ offset, limit: SCAN_PAGE });
    matching.push(...slice.filter((summary) => isAsked(summary, query)));
    if (slice.length < SCAN_PAGE) break;
  }
  return { jobs: matching.slice(query.offset, query.offset + query.limit), total: matching.length };
}

function isAsked({ verdict, attention }: JobSummary, query: JobQuery): boolean {
  const isVerdict = query.verdict === undefined || verdict === query.verdict;
  return isVerdict && (query.attention === undefined || attention === query.attention);
}

/** A holder that is not among those worth probing: its process is not there. */
const NOT_THERE: { readonly judgement: LivenessJudgement } = { judgement: { type: 'dead', proof: 'pid_gone' } };

/** A mark is read after the store here: one that is ahead may be that of a commit in between, and is looked at again. */
function makeComparison(database: DatabaseSync, stateDirectory: string): (job: ListedJob) => boolean {
  const find = makeRegressionFinder(database);
  let compared = 0;
  return ({ seq, id }) => {
    compared += 1;
    if (compared > COMPARED_JOBS) return false;
    const directory = jobDirectory(stateDirectory, id);
    if (!find(seq, readHighWater(directory))) return false;
    const mark = readHighWater(directory);
    return lookAtStore(stateDirectory, (again) => findRegression(again, seq, mark)) !== undefined;
  };
}

type Seen = {
  readonly isAuditBroken: boolean;
  readonly isRegressed: boolean;
  readonly judgement: LivenessJudgement;
  readonly holder?: LeaseHolder;
  readonly prerequisites: JobFacts['prerequisites'];
};

function summariseJob(stateDirectory: string, listed: ListedJob, seen: Seen): JobSummary {
  const { id, name, kind, status, runCount, released, counts, lastError } = listed;
  const { isAuditBroken, isRegressed, judgement, holder, prerequisites } = seen;
  const { verdict, attention, recommended } = judgeJob({
    status,
    runCount,
    counts,
    contradictions: listContradictions({ status, isAuditBroken, isRegressed, counts }),
    prerequisites,
    ...(released !== undefined && { released, judgement }),
  });
  return {
    job: { id, name, kind, source: 'native', directory: jobDirectory(stateDirectory, id) },
    status,
    verdict,
    attention,
    progress: assembleProgress(counts, 'row'),
    sinceMs: verdict === 'alive' && holder ? holder.acquiredAtMs : listed.activeAtMs,
    ...(needsOperator(attention) && verdict !== 'alive' && { interruptedAtMs: listed.activeAtMs }),
    ...(lastError && { lastError }),
    ...describeReceipts(listed),
    ...(recommended && { recommended }),
  };
}

/** How many receipts there are, of a job that has any to give. */
function describeReceipts({ receiptCount, spec }: ListedJob): Pick<JobSummary, 'receiptCount'> {
  if (receiptCount === undefined || translateSpecFacts(spec).receiptLabel === undefined) return {};
  return { receiptCount };
}
