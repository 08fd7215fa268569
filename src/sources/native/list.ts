import { diagnose, needsAttention } from '../../core/diagnosis/diagnose.ts';
import { HEARTBEAT_TTL_MS, judgeLiveness, type LivenessJudgement } from '../../core/diagnosis/judge-liveness.ts';
import type { Evidence, LivenessFacts } from '../../core/evidence/schema.ts';
import { assembleProgress, type JobSummary } from '../../core/job/schema.ts';
import type { JobPage, JobQuery } from '../../core/ports.ts';
import { listPids, readOwnIdentity } from '../../platform/process-probe.ts';
import { lookAtStore } from '../../store/database.ts';
import { type ListedJob, readJobPage, readPossiblyAlive } from '../../store/list-queries.ts';
import { lockPath } from './layout.ts';
import { probeLiveness } from './probe-liveness.ts';
import { translateJobRef, translateSpecFacts } from './translate.ts';

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
    const seen = possible.map(({ jobSeq, jobId, holder }) => {
      const facts = probeLiveness(holder, lockPath(stateDirectory, jobId), nowMs);
      return { jobSeq, facts, isWell: isWell(judgeLiveness(holder, facts)) };
    });
    const probed = new Map<number, LivenessFacts>(seen.map(({ jobSeq, facts }) => [jobSeq, facts]));
    const attention = query.scope === 'attention';
    const living = seen.filter((one) => one.isWell).map((one) => one.jobSeq);
    const filter = {
      attention,
      excludedSeqs: attention ? living : [],
      ...(query.text !== undefined && { text: query.text }),
      ...(query.kind !== undefined && { kind: query.kind }),
    };
    const summarise = (job: ListedJob) =>
      summariseJob(stateDirectory, job, { probed: probed.get(job.record.seq), nowMs });
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

/** What is known of a holder that is not among the living: its process is not there. */
const NOT_THERE: LivenessFacts = { host: 'same', boot: 'same', lock: 'missing', process: 'gone' };

function summariseJob(
  stateDirectory: string,
  listed: ListedJob,
  { probed, nowMs }: { readonly probed: LivenessFacts | undefined; readonly nowMs: number },
): JobSummary {
  const { record, counts, holder, lastError, receiptCount } = listed;
  const { canVerify, receiptLabel } = translateSpecFacts(record.spec);
  const evidence: Evidence = {
    job: translateJobRef(record, stateDirectory),
    recorded: {
      status: record.status,
      runCount: record.runCount,
      epoch: holder?.epoch ?? 0,
      ...(lastError && { lastError }),
    },
    ...(holder && { lease: holder, liveness: probed ?? NOT_THERE }),
    orphans: [],
    units: {
      unit: 'row',
      counts,
      attention: [],
      inDoubtWithReceipt: 0,
      doneWithReceipt: 0,
      journalSequence: 0,
      canVerify,
    },
    prerequisites: [],
    audit: { entryCount: 0, actions: [] },
    collectedAtMs: nowMs,
  };
  const diagnosis = diagnose(evidence);
  const interrupted = needsAttention(diagnosis.verdict, counts.in_doubt + counts.needs_review);
  return {
    job: evidence.job,
    status: record.status,
    verdict: diagnosis.verdict,
    progress: assembleProgress(counts, 'row'),
    ...(interrupted && { interruptedAtMs: record.activeAtMs }),
    ...(lastError && { lastError }),
    ...(receiptLabel !== undefined && receiptCount !== undefined && { receiptCount }),
    ...(diagnosis.recommended && { recommended: diagnosis.recommended }),
  };
}
