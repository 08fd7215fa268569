/** Reads for one list, in one snapshot. The order of urgency as far as the store knows it: classes of jobs. */
import { HEARTBEAT_TTL_MS } from '../../core/diagnosis/judge-liveness.ts';
import { RECEIPT_COUNT_LIMIT } from '../../core/job/schema.ts';
import { listPids } from '../../platform/process-probe.ts';
import { findBroken } from '../audit-chain.ts';
import { describeLiveness } from '../describe-liveness.ts';
import type { ListClass, ListedJob, ListFilter, ListReader } from '../list-contract.ts';
import type { KnownContents } from '../rows-contents.ts';
import { assembleCounts, translateEntry, translateHolder, translateListed } from '../translate-rows.ts';
import { NOW_MS } from './functions.ts';
import { HELD_LOCKS, type Onlooker, readRowsFiles } from './jobs.ts';
import type { Session, Value } from './session.ts';

/** Makes the reader of one snapshot. */
export function makeListReader(session: Session, onlooker: Onlooker): ListReader {
  let open: Promise<OpenJobs> | undefined;
  const contents: KnownContents = new Map();
  const findOpen = () => {
    open ??= findOpenJobs(session);
    return open;
  };
  const countWhere = async (filter: ListFilter, where: string, params: Params): Promise<number> => {
    const text = `SELECT count(*) AS n FROM jobs WHERE ${where} AND ${buildFilter(filter, params)}`;
    const [row] = await session.query(text, params.values);
    return Number(row?.n);
  };
  return {
    possiblyAlive: () => readPossiblyAlive(session, onlooker),
    async match(seqs, filter) {
      const params = makeParams();
      const text = `SELECT jobs.seq FROM unnest(${params.add(seqs)}::integer[]) WITH ORDINALITY AS named(seq, place)
        JOIN jobs USING (seq) WHERE ${VISIBLE} AND ${buildFilter({ ...filter, excludedSeqs: [] }, params)} ORDER BY place`;
      return (await session.query(text, params.values)).map((row) => Number(row.seq));
    },
    async read(filter, name, { after, offset, limit }) {
      const params = makeParams();
      const where = [describeClass(name, await findOpen(), params), buildFilter(filter, params)];
      if (after) where.push(`(active_at_ms, seq) < (${params.add(after.activeAtMs)}, ${params.add(after.seq)})`);
      const text = `SELECT seq FROM jobs WHERE ${where.join(' AND ')}
        ORDER BY active_at_ms DESC, seq DESC LIMIT ${params.add(limit)} OFFSET ${params.add(offset)}`;
      return (await session.query(text, params.values)).map((row) => Number(row.seq));
    },
    async count(filter, name) {
      const params = makeParams();
      return countWhere(filter, describeClass(name, await findOpen(), params), params);
    },
    async countAll(filter) {
      const params = makeParams();
      if (filter.scope === 'all') return countWhere(filter, VISIBLE, params);
      const isOpen = describeOpen(await findOpen(), params);
      const unended = "status IN ('pending', 'running', 'stopped', 'failed')";
      return countWhere(filter, `(${unended} OR (status IN ('completed', 'cancelled') AND ${isOpen}))`, params);
    },
    describe: (seqs, options) => readListedJobs(session, seqs, { ...options, contents }),
  };
}

const VISIBLE = "status <> 'importing'";

/** Values of a statement that is put together; each is named by its place. */
type Params = { readonly values: Value[]; readonly add: (value: Value) => string };

function makeParams(): Params {
  const values: Value[] = [];
  return { values, add: (value) => `$${values.push(value)}` };
}

/** The jobs with units in doubt or under review, when they are few; else they are asked for one by one. */
type OpenJobs = readonly number[] | 'many';

/** Up to here jobs with open units are named one by one; where there are more, they are met soon by walking. */
const FEW_JOBS = 2_000;
const OPEN = "status IN ('in_doubt', 'needs_review')";

/** Steps through the index of open units from job to job, so that a job with a million of them costs one step. */
const FIND_OPEN = `
  WITH RECURSIVE open(seq) AS (
    (SELECT job_seq FROM units WHERE ${OPEN} ORDER BY job_seq, number LIMIT 1)
    UNION ALL
    SELECT (SELECT job_seq FROM units WHERE ${OPEN} AND job_seq > open.seq ORDER BY job_seq, number LIMIT 1)
    FROM open WHERE open.seq IS NOT NULL)
  SELECT seq FROM open WHERE seq IS NOT NULL LIMIT $1`;

async function findOpenJobs(session: Session): Promise<OpenJobs> {
  const rows = await session.query(FIND_OPEN, [FEW_JOBS + 1]);
  return rows.length > FEW_JOBS ? 'many' : rows.map((row) => Number(row.seq));
}

function describeOpen(open: OpenJobs, params: Params): string {
  if (open !== 'many') return `seq = ANY(${params.add(open)}::integer[])`;
  return `EXISTS (SELECT FROM units WHERE units.job_seq = jobs.seq AND units.${OPEN})`;
}

const STATUS_OF: Readonly<Record<Exclude<ListClass, 'in doubt'>, string>> = {
  failed: "status = 'failed'",
  interrupted: "status IN ('pending', 'running', 'stopped')",
  finished: "status = 'completed'",
  cancelled: "status = 'cancelled'",
};

function describeClass(name: ListClass, open: OpenJobs, params: Params): string {
  const isOpen = describeOpen(open, params);
  return name === 'in doubt' ? `${VISIBLE} AND ${isOpen}` : `${STATUS_OF[name]} AND NOT ${isOpen}`;
}

/** What a filter asks for besides its scope. */
function buildFilter(filter: Omit<ListFilter, 'scope'>, params: Params): string {
  const clauses = ['true'];
  if (filter.excludedSeqs.length > 0) clauses.push(`NOT seq = ANY(${params.add(filter.excludedSeqs)}::integer[])`);
  if (filter.kind !== undefined) clauses.push(`kind = ${params.add(filter.kind)}`);
  if (filter.text !== undefined && filter.text !== '') {
    const text = `${params.add(filter.text)}::text`;
    // In the collation of bytes lower case is that of ASCII.
    clauses.push(`(strpos(lower(name), lower(${text} COLLATE "C")) > 0 OR starts_with(id, ${text}))`);
  }
  return clauses.join(' AND ');
}

/**
 * The last runners of jobs that did not let go and may live: their lock is held; their process is there, or cannot be
 * compared; or they are on another host or boot and their heart beat lately.
 */
async function readPossiblyAlive(session: Session, { own, store }: Onlooker) {
  const text = `
    WITH held AS MATERIALIZED (${HELD_LOCKS})
    SELECT leases.*, ${NOW_MS} AS now, job_seq IN (SELECT seq FROM held) AS is_held FROM leases
    WHERE released_at_ms IS NULL AND purpose = 'run' AND (
      job_seq IN (SELECT seq FROM held)
      OR (host = $2 AND boot_id = $3 AND (pid_namespace <> $4 OR $5::bigint[] IS NULL OR pid = ANY($5)))
      OR ((host <> $2 OR boot_id <> $3) AND heartbeat_at_ms >= ${NOW_MS} - $6))
    AND epoch = (SELECT max(epoch) FROM leases later WHERE later.job_seq = leases.job_seq AND purpose = 'run')`;
  const values = [store.lockSpace, own.host, own.bootId, own.pidNamespace, listPids() ?? null, HEARTBEAT_TTL_MS];
  return (await session.query(text, values)).map((row) => {
    const holder = translateHolder(row, Number(row.epoch));
    const liveness = describeLiveness(holder, own, {
      seen: row.is_held === true ? 'held' : 'free',
      nowMs: Number(row.now),
    });
    return { seq: Number(row.job_seq), holder, liveness };
  });
}

const READ_JOBS = `
  SELECT jobs.*,
    (SELECT released_at_ms IS NOT NULL FROM leases WHERE job_seq = jobs.seq AND purpose = 'run'
     ORDER BY epoch DESC LIMIT 1) AS released,
    CASE WHEN bad.number IS NULL THEN jobs.error_code ELSE bad.error_code END AS code,
    CASE WHEN bad.number IS NULL THEN jobs.error_message ELSE bad.error_message END AS message,
    (SELECT count(*) FROM (SELECT FROM units WHERE job_seq = jobs.seq AND receipt IS NOT NULL LIMIT $2) AS u) AS receipts
  FROM unnest($1::integer[]) WITH ORDINALITY AS page(seq, place) JOIN jobs USING (seq)
  LEFT JOIN LATERAL (
    SELECT number, error_code, error_message FROM units WHERE job_seq = jobs.seq AND error_code IS NOT NULL
    AND status IN ('pending', 'in_doubt', 'failed', 'needs_review') ORDER BY event DESC LIMIT 1) AS bad ON true
  ORDER BY place`;

async function readListedJobs(
  session: Session,
  seqs: readonly number[],
  { withReceipts, contents }: { readonly withReceipts: boolean; readonly contents: KnownContents },
): Promise<readonly ListedJob[]> {
  if (seqs.length === 0) return [];
  const [jobs, counted, broken, rowsFiles] = await Promise.all([
    session.query(READ_JOBS, [seqs, withReceipts ? RECEIPT_COUNT_LIMIT : 0]),
    session.query(
      'SELECT job_seq, status, count(*) AS n FROM units WHERE job_seq = ANY($1::integer[]) GROUP BY job_seq, status',
      [seqs],
    ),
    findBrokenChains(session, seqs),
    readRowsFiles(session, seqs, contents),
  ]);
  const counts = Map.groupBy(counted, (row) => Number(row.job_seq));
  return jobs.map((row) => {
    const seq = Number(row.seq);
    return {
      ...translateListed(row),
      counts: assembleCounts(counts.get(seq) ?? []),
      rowsFiles: rowsFiles.get(seq) ?? [],
      isAuditBroken: broken.has(seq),
      // Nobody can put an older copy in the place of a store that is not a file of theirs.
      isRegressed: false,
      ...(row.released !== null && { released: row.released === true }),
      ...(row.code !== null && { lastError: { code: String(row.code), message: String(row.message ?? '') } }),
      ...(withReceipts && { receiptCount: Number(row.receipts) }),
    };
  });
}

/** The jobs whose chain is broken. One without entries, and without a head, has a whole chain of none. */
export async function findBrokenChains(session: Session, seqs: readonly number[]): Promise<ReadonlySet<number>> {
  const [rows, heads] = await Promise.all([
    session.query('SELECT * FROM audit WHERE job_seq = ANY($1::integer[]) ORDER BY job_seq, sequence', [seqs]),
    session.query('SELECT * FROM audit_heads WHERE job_seq = ANY($1::integer[])', [seqs]),
  ]);
  return findBroken(
    rows.map((row) => [Number(row.job_seq), translateEntry(row)]),
    new Map(heads.map((row) => [Number(row.job_seq), String(row.hash)])),
  );
}
