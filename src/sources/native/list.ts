import { isListed, needsOperator } from '../../core/diagnosis/attention.ts';
import { type JobFacts, listContradictions } from '../../core/diagnosis/job-facts.ts';
import { judgeLiveness, type LivenessJudgement } from '../../core/diagnosis/judge-liveness.ts';
import type { LeaseHolder } from '../../core/evidence/schema.ts';
import { judgeJob } from '../../core/families/units/judge-job.ts';
import { ATTENTIONS, type Attention, assembleProgress, type JobSummary, type Verdict } from '../../core/job/schema.ts';
import type { JobKey, JobPage, JobQuery } from '../../core/ports.ts';
import { readSpecFacts, unitOf } from '../../runner/kinds/registry.ts';
import type { JobStore } from '../../store/contract.ts';
import {
  LIST_CLASSES,
  type ListClass,
  type ListedJob,
  type ListFilter,
  type ListKey,
  type ListReader,
  type ListSlice,
} from '../../store/list-contract.ts';
import { makePrerequisiteCheck } from './check-prerequisites.ts';
import { translateJobRef } from './translate.ts';

/** How many jobs are looked at in one go when a verdict is asked for. */
const SCAN_PAGE = 1000;
/** More than there are. */
const EVERY = 1_000_000_000;

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
      const { seq, activeAtMs } = job;
      return {
        seq,
        activeAtMs,
        heldAtMs: judged.get(seq)?.holder.acquiredAtMs ?? activeAtMs,
        summary: summariseJob(store, job, { ...seen, prerequisites: checkPrerequisites(job) }),
      };
    });
  };
  const matches = { ...(query.text !== undefined && { text: query.text }), ...(query.kind && { kind: query.kind }) };
  const undead = [...judged].filter(([, { judgement }]) => judgement.type !== 'dead');
  undead.sort(([seq, one], [other, { holder }]) => holder.acquiredAtMs - one.holder.acquiredAtMs || other - seq);
  const matching = await reader.match(
    undead.map(([seq]) => seq),
    matches,
  );
  const living = (await summarise(matching)).filter(({ summary }) => !isRecorded(summary));
  const filter = { scope: query.scope, excludedSeqs: living.map(({ seq }) => seq), ...matches };
  const reading = { reader, filter, living, summarise };
  if (query.verdict !== undefined || query.attention !== undefined) return selectVerdict(query, reading);
  const goingOn = living.filter(({ summary }) => !needsOperator(summary.attention)).length;
  const [after] = query.after?.values() ?? [];
  const page = await readSlice(reading, { ...query, after });
  return { ...splitPage(page), total: (await reader.countAll(filter)) + living.length, goingOn };
}

type Slice = { readonly offset: number; readonly limit: number; readonly after: JobKey | undefined };
/** A job and its places in the order: as it is recorded, and among those that live. */
type Listed = ListKey & { readonly heldAtMs: number; readonly summary: JobSummary };

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

/** A job of a page, and where it stands. */
type Placed = { readonly summary: JobSummary; readonly key: JobKey };

/** Cuts a slice out of the whole order: classes of the store, and living jobs between them. */
async function readSlice(reading: Reading, slice: Slice): Promise<readonly Placed[]> {
  const found: Placed[] = [];
  let { offset, limit } = slice;
  for (const { attention, name, after } of listClasses(reading.filter, slice.after)) {
    if (limit === 0) break;
    const own = name ? [] : pickLiving(reading, attention).filter(({ key }) => isBehind(key, slice.after));
    const part = name ? await readClass(reading, name, { offset, limit, ...after }) : own.slice(offset, offset + limit);
    found.push(...part);
    limit -= part.length;
    // How long a class is matters only to whoever reads on behind it; behind a key nothing is left of one without a part.
    const isWithin = part.length > 0 || offset === 0;
    offset = isWithin ? 0 : offset - (name ? await countClass(reading, name, after) : own.length);
  }
  return found;
}

type OfClass = {
  readonly attention: Attention;
  /** The class of the store; absent where jobs stand that live. */
  readonly name?: ListClass;
  /** The key that the class begins behind. */
  readonly after?: { readonly after: ListKey };
};

/** The classes of the order from a key on. */
function listClasses({ scope }: ListFilter, after: JobKey | undefined): readonly OfClass[] {
  const begin = after ? ATTENTIONS.indexOf(after.attention) : 0;
  return ATTENTIONS.slice(begin)
    .filter((attention) => scope === 'all' || isListed(attention))
    .map((attention) => {
      const name = asRecorded(attention);
      const key = after?.attention === attention && toListKey(after);
      return { attention, ...(name && { name }), ...(key && { after: { after: key } }) };
    });
}

async function readClass({ reader, filter, summarise }: Reading, name: ListClass, slice: ListSlice) {
  const listed = await summarise(await reader.read(filter, name, slice));
  return listed.map(({ summary, activeAtMs: sinceMs, seq: tie }) => ({
    summary,
    key: { attention: name, sinceMs, tie },
  }));
}

async function countClass({ reader, filter }: Reading, name: ListClass, after: OfClass['after']): Promise<number> {
  if (!after) return reader.count(filter, name);
  return (await reader.read(filter, name, { ...after, offset: 0, limit: EVERY })).length;
}

function pickLiving({ living }: Reading, attention: Attention): readonly Placed[] {
  return living
    .filter(({ summary }) => summary.attention === attention)
    .map(({ summary, heldAtMs: sinceMs, seq: tie }) => ({ summary, key: { attention, sinceMs, tie } }));
}

/** The order within a class, and of classes: most recent first, of those the one recorded last. */
function isBehind(key: JobKey, after: JobKey | undefined): boolean {
  if (!after) return true;
  const rank = ATTENTIONS.indexOf(key.attention) - ATTENTIONS.indexOf(after.attention);
  const recency = (after.sinceMs ?? 0) - (key.sinceMs ?? 0);
  return (rank || recency || Number(after.tie) - Number(key.tie)) > 0;
}

function splitPage(page: readonly Placed[]): Pick<JobPage, 'jobs' | 'keys'> {
  return { jobs: page.map(({ summary }) => summary), keys: page.map(({ key }) => key) };
}

/**
 * Every job that may have a verdict or a word is looked at, since they are diagnosed: the classes of the store in which
 * such a job may stand, each walked from key to key.
 */
async function selectVerdict(query: JobQuery, reading: Reading): Promise<JobPage> {
  const matching: Placed[] = [];
  for (const { attention, name } of listClasses(reading.filter, undefined)) {
    if (!name) matching.push(...pickAsked(pickLiving(reading, attention), query));
    else if (mayHold(name, query)) matching.push(...(await walkClass(query, reading, name)));
  }
  const [after] = query.after?.values() ?? [];
  const behind = matching.filter(({ key }) => isBehind(key, after));
  return { ...splitPage(behind.slice(query.offset, query.offset + query.limit)), total: matching.length };
}

async function walkClass(query: JobQuery, reading: Reading, name: ListClass): Promise<readonly Placed[]> {
  const found: Placed[] = [];
  for (let after: OfClass['after']; ; ) {
    const read = await readClass(reading, name, { offset: 0, limit: SCAN_PAGE, ...after });
    found.push(...pickAsked(read, query));
    const last = read.at(-1)?.key;
    if (!last || read.length < SCAN_PAGE) return found;
    after = { after: toListKey(last) };
  }
}

function toListKey({ sinceMs = 0, tie }: JobKey): ListKey {
  return { activeAtMs: sinceMs, seq: Number(tie) };
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

function pickAsked(placed: readonly Placed[], query: JobQuery): readonly Placed[] {
  return placed.filter(({ summary }) => isAsked(summary, query));
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
