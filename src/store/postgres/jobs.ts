/** Job records, leases and audit chains: what is read of them, and what changes them. */
import type { AuditFacts, LeaseHolder, LivenessFacts } from '../../core/evidence/schema.ts';
import type { ProcessIdentity } from '../../platform/process-probe.ts';
import { chainEntry, readChainFacts } from '../audit-chain.ts';
import type { AuditWord, TakenState } from '../contract.ts';
import { describeLiveness } from '../describe-liveness.ts';
import type { FileMark, JobRecord, RowsFile, SameRowsJob } from '../records.ts';
import { addContents, groupContents, type KnownContents, listUnknown } from '../rows-contents.ts';
import { translateEntry, translateHolder, translateJob } from '../translate-rows.ts';
import { NOW_MS } from './functions.ts';
import type { StoreHead } from './migrations.ts';
import type { Row, Session } from './session.ts';

const VISIBLE = "status <> 'importing'";

/** Finds a job by its id. */
export async function readJob(session: Session, id: string): Promise<JobRecord | undefined> {
  const [row] = await session.query(`SELECT * FROM jobs WHERE id = $1 AND ${VISIBLE}`, [id]);
  return row && translateJob(row);
}

/** The same, and nobody else changes the job before the transaction ends. */
export async function lockJob(session: Session, id: string): Promise<JobRecord | undefined> {
  const [row] = await session.query(`SELECT * FROM jobs WHERE id = $1 AND ${VISIBLE} FOR UPDATE`, [id]);
  return row && translateJob(row);
}

/** Finds the jobs a person may mean: the exact id, else those of a name, else those of an id prefix. */
export async function findJobs(session: Session, reference: string, limit: number): Promise<readonly JobRecord[]> {
  const exact = await readJob(session, reference);
  if (exact) return [exact];
  const find = async (where: string) =>
    session.query(`SELECT * FROM jobs WHERE ${where} AND ${VISIBLE} ORDER BY seq LIMIT $2`, [reference, limit]);
  const named = await find('name = $1');
  return (named.length > 0 ? named : await find('starts_with(id, $1)')).map(translateJob);
}

/** Who held a job last and ran units, with the highest epoch of anybody and the run tokens of all who ran units. */
export type Holding = Pick<TakenState, 'epoch' | 'runner' | 'runTokens'>;

/** What the leases of a job say. */
export async function readHolding(session: Session, jobSeq: number): Promise<Holding> {
  const [[highest], [runner], tokens] = await Promise.all([
    session.query('SELECT coalesce(max(epoch), 0) AS epoch FROM leases WHERE job_seq = $1', [jobSeq]),
    session.query("SELECT * FROM leases WHERE job_seq = $1 AND purpose = 'run' ORDER BY epoch DESC LIMIT 1", [jobSeq]),
    session.query("SELECT run_token FROM leases WHERE job_seq = $1 AND purpose = 'run' ORDER BY epoch", [jobSeq]),
  ]);
  const epoch = Number(highest?.epoch);
  const runTokens = tokens.map((row) => String(row.run_token));
  return { epoch, runTokens, ...(runner && { runner: translateHolder(runner, epoch) }) };
}

/** Who looks, and the proofs of life of which store. */
export type Onlooker = { readonly own: ProcessIdentity; readonly store: StoreHead };

/** Advisory locks of one store that are held: the second half of each key. Source: PostgreSQL documentation, pg_locks. */
export const HELD_LOCKS = `SELECT objid::bigint AS seq FROM pg_locks WHERE locktype = 'advisory' AND objsubid = 2 AND granted
  AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) AND classid = ($1::bigint & 4294967295)`;

/**
 * What the proof of life and the process of a holder say. The heartbeat is measured by the server's clock, which wrote it.
 *
 * Of a holder on another host a lock that is free proves nothing: its connection may be cut while it lives.
 */
export async function probeLiveness(
  session: Session,
  { seq, holder }: { readonly seq: number; readonly holder: LeaseHolder },
  { own, store }: Onlooker,
): Promise<LivenessFacts> {
  const text = `SELECT ${NOW_MS} AS now, EXISTS (SELECT FROM (${HELD_LOCKS}) AS held WHERE held.seq = $2) AS held`;
  const [row] = await session.query(text, [store.lockSpace, seq]);
  return describeLiveness(holder, own, { seen: row?.held === true ? 'held' : 'free', nowMs: Number(row?.now) });
}

/** Who takes an epoch, and what for. */
export type NewLease = {
  readonly epoch: number;
  readonly purpose: 'run' | 'cancel' | 'settle';
  readonly runToken: string;
  readonly principal: string;
  readonly atMs: number;
  readonly identity: ProcessIdentity;
};

/** Records a new holder; one that is no runner lets go at once. */
export async function insertLease(session: Session, jobSeq: number, lease: NewLease): Promise<void> {
  const { epoch, purpose, identity, runToken, principal, atMs } = lease;
  await session.query(`INSERT INTO leases VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, ${NOW_MS}, $12)`, [
    jobSeq,
    epoch,
    purpose,
    identity.host,
    identity.bootId,
    identity.pidNamespace,
    identity.pid,
    identity.pidStartTicks,
    runToken,
    principal,
    atMs,
    purpose === 'run' ? null : atMs,
  ]);
}

/** The audit chain of a job, oldest first, with its head, which is kept apart from it. */
export async function readChain(session: Session, jobSeq: number) {
  const [rows, [head]] = await Promise.all([
    session.query('SELECT * FROM audit WHERE job_seq = $1 ORDER BY sequence', [jobSeq]),
    session.query('SELECT hash FROM audit_heads WHERE job_seq = $1', [jobSeq]),
  ]);
  return { entries: rows.map(translateEntry), head: typeof head?.hash === 'string' ? head.hash : undefined };
}

/** What a job's chain says, compared with its head. */
export async function readAuditFacts(session: Session, jobSeq: number): Promise<AuditFacts> {
  const { entries, head } = await readChain(session, jobSeq);
  return readChainFacts(entries, head);
}

/** Appends entries to a chain that ends at its head. Errors: AUDIT_BROKEN. Source: design, rule 9. */
export async function appendAudit(session: Session, jobSeq: number, words: readonly AuditWord[]): Promise<void> {
  const [[row], [headRow]] = await Promise.all([
    session.query('SELECT sequence, hash FROM audit WHERE job_seq = $1 ORDER BY sequence DESC LIMIT 1', [jobSeq]),
    session.query('SELECT hash FROM audit_heads WHERE job_seq = $1', [jobSeq]),
  ]);
  let last = row && { sequence: Number(row.sequence), hash: String(row.hash) };
  let head = typeof headRow?.hash === 'string' ? headRow.hash : undefined;
  for (const word of words) {
    const entry = chainEntry(word, { ...(last && { last }), ...(head !== undefined && { head }) });
    const { sequence, atMs, principal, action, outcome, code = null, planDigest = null, details, hash } = entry;
    await session.query('INSERT INTO audit VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)', [
      jobSeq,
      sequence,
      atMs,
      principal,
      action,
      outcome,
      code,
      planDigest,
      details,
      hash,
    ]);
    last = entry;
    head = hash;
  }
  if (head === undefined) return;
  const text = 'INSERT INTO audit_heads VALUES ($1, $2) ON CONFLICT (job_seq) DO UPDATE SET hash = excluded.hash';
  await session.query(text, [jobSeq, head]);
}

/** Everything a change is judged by besides its units. */
export async function readTakenState(session: Session, job: JobRecord): Promise<TakenState> {
  const [holding, audit, journalSequence, rowsFiles] = await Promise.all([
    readHolding(session, job.seq),
    readAuditFacts(session, job.seq),
    readJournalSequence(session, job.seq),
    readRowsFiles(session, [job.seq]),
  ]);
  return { job, ...holding, audit, journalSequence, rowsFiles: rowsFiles.get(job.seq) ?? [] };
}

/**
 * The contents of rows files of jobs (`rowsFiles` of a look), by the sequence number of the job. `known` keeps, within one
 * snapshot, what was found of each content: a hundred thousand jobs may have the same.
 */
export async function readRowsFiles(
  session: Session,
  jobSeqs: readonly number[],
  known: KnownContents = new Map(),
): Promise<ReadonlyMap<number, readonly FileMark[]>> {
  const own = await session.query('SELECT job_seq, sha256 FROM rows_files WHERE job_seq = ANY ($1::integer[])', [
    jobSeqs,
  ]);
  const asked = listUnknown(own, known);
  if (asked.length > 0) {
    const text = `SELECT DISTINCT same.sha256 AS asked, known.sha256, known.size_bytes FROM rows_files same
      JOIN rows_files known ON known.job_seq = same.job_seq WHERE same.sha256 = ANY ($1::text[])`;
    addContents(known, asked, await session.query(text, [asked]));
  }
  return groupContents(own, known);
}

/** Number of the newest journal event of a job. */
export async function readJournalSequence(session: Session, jobSeq: number): Promise<number> {
  const text = 'SELECT coalesce(max(sequence), 0) AS sequence FROM unit_events WHERE job_seq = $1';
  const [row] = await session.query(text, [jobSeq]);
  return Number(row?.sequence);
}

/** Whether a job has rows to decide on, or to run and was not cancelled. */
const IS_UNFINISHED = `(status IN ('pending', 'running', 'stopped', 'failed') OR EXISTS (
  SELECT FROM units WHERE units.job_seq = jobs.seq AND units.status IN ('in_doubt', 'needs_review')))`;

const HAD_ROWS = 'seq IN (SELECT job_seq FROM rows_files WHERE sha256 = $2)';

/** Jobs of a name of whose rows file this is a content, and unfinished ones made of this very file; newest first. */
export async function findSameRows(session: Session, name: string, file: RowsFile): Promise<readonly SameRowsJob[]> {
  const text = `SELECT jobs.*, ${IS_UNFINISHED} AS unfinished, NOT ${HAD_ROWS} AS changed FROM jobs
    WHERE name = $1 AND ${VISIBLE} AND (${HAD_ROWS} OR (rows_path = $3 AND ${IS_UNFINISHED})) ORDER BY seq DESC`;
  const rows = await session.query(text, [name, file.sha256, file.path]);
  return rows.map((row) => ({
    job: translateJob(row),
    unfinished: row.unfinished === true,
    changed: row.changed === true,
  }));
}

/** Other unfinished jobs that have the rows of this one; newest first. Source: decisions/0019. */
export async function findUnfinishedElsewhere(
  session: Session,
  job: JobRecord,
  limit: number,
): Promise<readonly JobRecord[]> {
  const text = `SELECT * FROM jobs WHERE seq <> $1 AND ${VISIBLE} AND ${HAD_ROWS} AND ${IS_UNFINISHED}
    ORDER BY seq DESC LIMIT $3`;
  return (await session.query(text, [job.seq, job.rows?.sha256 ?? null, limit])).map(translateJob);
}

/** Whether a job of this name is recorded at all. */
export async function hasName(session: Session, name: string): Promise<boolean> {
  const rows: readonly Row[] = await session.query(`SELECT FROM jobs WHERE name = $1 AND ${VISIBLE} LIMIT 1`, [name]);
  return rows.length > 0;
}
