import { isListed, needsOperator } from '../../core/diagnosis/attention.ts';
import { type JobFacts, listContradictions } from '../../core/diagnosis/job-facts.ts';
import { judgeLiveness, type LivenessJudgement } from '../../core/diagnosis/judge-liveness.ts';
import type { LeaseHolder } from '../../core/evidence/schema.ts';
import { judgeJob } from '../../core/families/units/judge-job.ts';
import { ATTENTIONS, type Attention, assembleProgress, type JobSummary, type Verdict } from '../../core/job/schema.ts';
import type { JobPage, JobQuery } from '../../core/ports.ts';
import { readSpecFacts, unitOf } from '../../runner/kinds/registry.ts';
import type { JobStore } from '../../store/contract.ts';
import {
  LIST_CLASSES,
  type ListClass,
  type ListedJob,
  type ListFilter,
  type ListKey,
  type ListReader,
} from '../../store/list-contract.ts';
import { makePrerequisiteCheck } from './check-prerequisites.ts';
import { translateJobRef } from './translate.ts';

/** How many jobs are looked at in one go when a verdict is asked for. */
const SCAN_PAGE = 1000;

/**
 * Lists the jobs of a place of Salvor's own, most urgent first; changes nothing.
 *
 * What takes reading besides the store (rows files, directories) and the audit chains are looked at for the jobs of the
 * page alone, so a job whose chain is broken stands where the store has it: the order is the same whatever the pages.
 *
 * Errors: STATE_UNREADABLE, STATE_CORRUPT, STATE_TOO_NEW, STATE_UNREACHABLE.
 * Source: contract, list; design, rule 2.
 */
export async function listJobs(store: JobStore, query: JobQuery): Promise<JobPage> {
  const page = await store.list((reader) => readPage(store, query, reader));
  return page ?? { jobs: [], total: 0 };
}

async function readPage(store: JobStore, query: JobQuery, reader: ListReader): Promise<JobPage> {
  const judged = new Map(
    (await reader.possiblyAlive()).map(({ seq, holder, liveness }) => [
      seq,
      { holder, judgement: judgeLiveness(holder, liveness) },
    ]),
  );
  const checkPrerequisites = makePrerequisiteCheck();
  const summarise = async (seqs: readonly number[]): Promise<readonly Listed[]> => {
    const listed = await reader.describe(seqs, { withReceipts: query.withReceipts === true });
    return listed.map((job) => {
      const seen = judged.get(job.seq) ?? NOT_THERE;
      return {
        seq: job.seq,
        activeAtMs: job.activeAtMs,
        summary: summariseJob(store, job, { ...seen, prerequisites: checkPrerequisites(job) }),
      };
    });
  };
  const matches = { ...(query.text !== undefined && { text: query.text }), ...(query.kind && { kind: query.kind }) };
  const undead = [...judged].filter(([, { judgement }]) => judgement.type !== 'dead');
  undead.sort(([, one], [, other]) => other.holder.acquiredAtMs - one.holder.acquiredAtMs);
  const matching = await reader.match(
    undead.map(([seq]) => seq),
    matches,
  );
  const living = (await summarise(matching)).filter(({ summary }) => !isRecorded(summary));
  const filter = { scope: query.scope, excludedSeqs: living.map(({ seq }) => seq), ...matches };
  const reading = { reader, filter, living, summarise };
  if (query.verdict !== undefined || query.attention !== undefined) return selectVerdict(query, reading);
  const goingOn = living.filter(({ summary }) => !needsOperator(summary.attention)).length;
  return { jobs: await readSlice(reading, query), total: (await reader.countAll(filter)) + living.length, goingOn };
}

type Slice = { readonly offset: number; readonly limit: number };
type Listed = ListKey & { readonly summary: JobSummary };

function asRecorded(attention: Attention): ListClass | undefined {
  return LIST_CLASSES.find((name) => name === attention);
}

/** Whether a job that may live stands where the store has it all the same. */
function isRecorded({ attention }: JobSummary): boolean {
  return asRecorded(attention) !== undefined;
}

type Reading = {
  readonly reader: ListReader;
  readonly filter: ListFilter;
  /** Jobs whose place follows from a living runner. */
  readonly living: readonly Listed[];
  readonly summarise: (seqs: readonly number[]) => Promise<readonly Listed[]>;
};

/** Cuts a slice out of the whole order: classes of the store, and living jobs between them. */
async function readSlice({ reader, filter, living, summarise }: Reading, slice: Slice): Promise<readonly JobSummary[]> {
  const found: JobSummary[] = [];
  let { offset, limit } = slice;
  for (const attention of ATTENTIONS) {
    if (limit === 0) break;
    const name = asRecorded(attention);
    if (filter.scope === 'attention' && !isListed(attention)) continue;
    const own = living.filter(({ summary }) => summary.attention === attention);
    const part = name
      ? await summarise(await reader.read(filter, name, { offset, limit }))
      : own.slice(offset, offset + limit);
    found.push(...part.map(({ summary }) => summary));
    limit -= part.length;
    // How long a class is matters only to whoever reads on behind it.
    const isWithin = part.length > 0 || offset === 0;
    offset = isWithin ? 0 : offset - (name ? await reader.count(filter, name) : own.length);
  }
  return found;
}

/**
 * Every job that may have a verdict or a word is looked at, since they are diagnosed: the classes of the store in which
 * such a job may stand, each walked from key to key.
 */
async function selectVerdict(query: JobQuery, reading: Reading): Promise<JobPage> {
  const { filter, living } = reading;
  const matching: JobSummary[] = [];
  for (const attention of ATTENTIONS) {
    const name = asRecorded(attention);
    if (filter.scope === 'attention' && !isListed(attention)) continue;
    if (!name)
      matching.push(
        ...pickAsked(
          living.filter((one) => one.summary.attention === attention),
          query,
        ),
      );
    else if (mayHold(name, query)) matching.push(...(await walkClass(query, reading, name)));
  }
  return { jobs: matching.slice(query.offset, query.offset + query.limit), total: matching.length };
}

async function walkClass(
  query: JobQuery,
  { reader, filter, summarise }: Reading,
  name: ListClass,
): Promise<readonly JobSummary[]> {
  const found: JobSummary[] = [];
  for (let after: ListKey | undefined; ; ) {
    const slice = { offset: 0, limit: SCAN_PAGE, ...(after && { after }) };
    const read = await summarise(await reader.read(filter, name, slice));
    found.push(...pickAsked(read, query));
    after = read.at(-1);
    if (read.length < SCAN_PAGE) return found;
  }
}

/** What jobs of a class without open units come to when nobody runs them and nothing contradicts itself. */
const RECORDED: Readonly<Record<Exclude<ListClass, 'in doubt'>, Verdict>> = {
  failed: 'failed',
  interrupted: 'interrupted',
  finished: 'finished',
  cancelled: 'cancelled',
};

/** Whether a job that is asked for may stand in a class. Any may contradict itself. */
function mayHold(name: ListClass, { verdict, attention }: JobQuery): boolean {
  const isWord = attention === undefined || attention === name || attention === 'inconsistent';
  return (
    isWord && (verdict === undefined || verdict === 'inconsistent' || name === 'in doubt' || RECORDED[name] === verdict)
  );
}

function pickAsked(listed: readonly Listed[], query: JobQuery): readonly JobSummary[] {
  return listed.map(({ summary }) => summary).filter((summary) => isAsked(summary, query));
}

function isAsked({ verdict, attention }: JobSummary, query: JobQuery): boolean {
  const isVerdict = query.verdict === undefined || verdict === query.verdict;
  return isVerdict && (query.attention === undefined || attention === query.attention);
}

/** A holder that is not among those worth probing: its process is not there. */
const NOT_THERE: { readonly judgement: LivenessJudgement } = { judgement: { type: 'dead', proof: 'pid_gone' } };

type Seen = {
  readonly judgement: LivenessJudgement;
  readonly holder?: LeaseHolder;
  readonly prerequisites: JobFacts['prerequisites'];
};

function summariseJob(store: JobStore, listed: ListedJob, seen: Seen): JobSummary {
  const { status, runCount, released, counts, lastError, isAuditBroken, isRegressed } = listed;
  const { judgement, holder, prerequisites } = seen;
  const { verdict, attention, recommended } = judgeJob({
    status,
    runCount,
    counts,
    contradictions: listContradictions({ status, isAuditBroken, isRegressed, counts }),
    prerequisites,
    ...(released !== undefined && { released, judgement }),
  });
  return {
    job: translateJobRef(listed, store),
    status,
    verdict,
    attention,
    progress: assembleProgress(counts, unitOf(listed)),
    sinceMs: verdict === 'alive' && holder ? holder.acquiredAtMs : listed.activeAtMs,
    ...(needsOperator(attention) && verdict !== 'alive' && { interruptedAtMs: listed.activeAtMs }),
    ...(lastError && { lastError }),
    ...describeReceipts(listed),
    ...(recommended && { recommended }),
  };
}

/** How many receipts there are, of a job that has any to give. */
function describeReceipts(job: ListedJob): Pick<JobSummary, 'receiptCount'> {
  const { receiptCount } = job;
  if (receiptCount === undefined || readSpecFacts(job).receiptLabel === undefined) return {};
  return { receiptCount };
}
