import { needsAttention } from '../../core/diagnosis/diagnose.ts';
import { isEndedShort, judgeJob } from '../../core/diagnosis/judge-job.ts';
import { HEARTBEAT_TTL_MS, judgeLiveness, type LivenessJudgement } from '../../core/diagnosis/judge-liveness.ts';
import { assembleProgress, type JobSummary } from '../../core/job/schema.ts';
import type { JobPage, JobQuery } from '../../core/ports.ts';
import { listPids, readOwnIdentity } from '../../platform/process-probe.ts';
import { lookAtStore } from '../../store/database.ts';
import { type ListedJob, readJobPage, readPossiblyAlive } from '../../store/list-queries.ts';
import { jobDirectory, lockPath } from './layout.ts';
import { probeLiveness } from './probe-liveness.ts';
import { translateSpecFacts } from './translate.ts';

/** How many jobs are looked at in one go when a verdict is asked for. */
const SCAN_PAGE = 1000;

/**
 * Lists the jobs of a native state directory, most urgent first; changes nothing.
 *
 * Only holders whose process exists are probed: all others are dead by what the process table says, so a list costs
 * the same however many jobs there are.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW.
 * Source: contract, list; design, rule 2.
 */
export function listJobs(stateDirectory: string, query: JobQuery, nowMs: number): JobPage {
  const here = readOwnIdentity();
  const now = { pids: listPids(), heartbeatSinceMs: nowMs - HEARTBEAT_TTL_MS };
  const page = lookAtStore(stateDirectory, (database) => {
    const possible = readPossiblyAlive(database, here, now);
    const judged = new Map(
      possible.map(({ jobSeq, jobId, holder }) => {
        const facts = probeLiveness(holder, lockPath(stateDirectory, jobId), nowMs);
        return [jobSeq, judgeLiveness(holder, facts)];
      }),
    );
    const attention = query.scope === 'attention';
    const living = [...judged].filter(([, judgement]) => isWell(judgement)).map(([seq]) => seq);
    const filter = {
      attention,
      excludedSeqs: attention ? living : [],
      ...(query.text !== undefined && { text: query.text }),
      ...(query.kind !== undefined && { kind: query.kind }),
      ...(query.withReceipts && { withReceipts: true }),
    };
    const summarise = (job: ListedJob) => summariseJob(stateDirectory, job, judged.get(job.seq));
    if (query.verdict === undefined) {
      const found = readJobPage(database, filter, query);
      return { jobs: found.jobs.map(summarise), total: found.total };
    }
    return selectVerdict(query, (slice) => readJobPage(database, filter, slice).jobs.map(summarise));
  });
  return page ?? { jobs: [], total: 0 };
}

/** Living and not stalled: nothing an operator has to look at. */
function isWell(judgement: LivenessJudgement): boolean {
  return judgement.type === 'alive' && judgement.stalled === undefined;
}

/** A verdict is diagnosed, not recorded, so every job has to be looked at to select by it. */
function selectVerdict(
  query: JobQuery,
  read: (slice: { readonly offset: number; readonly limit: number }) => readonly JobSummary[],
): JobPage {
  const matching: JobSummary[] = [];
  for (let offset = 0; ; offset += SCAN_PAGE) {
    const slice = read({ offset, limit: SCAN_PAGE });
    matching.push(...slice.filter((summary) => summary.verdict === query.verdict));
    if (slice.length < SCAN_PAGE) break;
  }
  return { jobs: matching.slice(query.offset, query.offset + query.limit), total: matching.length };
}

/** A holder that is not among those worth probing: its process is not there. */
const NOT_THERE: LivenessJudgement = { type: 'dead', proof: 'pid_gone' };

function summariseJob(stateDirectory: string, listed: ListedJob, probed: LivenessJudgement | undefined): JobSummary {
  const { id, name, kind, status, released, counts, lastError } = listed;
  const { verdict, recommended } = judgeJob({
    status,
    counts,
    contradicted: isEndedShort(status, counts),
    blocked: false,
    ...(released !== undefined && { released, judgement: probed ?? NOT_THERE }),
  });
  const interrupted = needsAttention(verdict, counts.in_doubt + counts.needs_review);
  return {
    job: { id, name, kind, source: 'native', directory: jobDirectory(stateDirectory, id) },
    status,
    verdict,
    progress: assembleProgress(counts, 'row'),
    ...(interrupted && { interruptedAtMs: listed.activeAtMs }),
    ...(lastError && { lastError }),
    ...describeReceipts(listed.receipts),
    ...(recommended && { recommended }),
  };
}

/** How many receipts there are, of a job that has any to give. */
function describeReceipts(receipts: ListedJob['receipts']): Pick<JobSummary, 'receiptCount'> {
  if (!receipts || translateSpecFacts(receipts.spec).receiptLabel === undefined) return {};
  return { receiptCount: receipts.count };
}
