/** The journal of units: state follows from it, in the same transaction, on the server. */
import { RecoveryError } from '../../core/errors.ts';
import type { UnitsChange } from '../contract.ts';
import { checkEpoch } from '../lease-errors.ts';
import { countOf, describeEvent, describeUnitChanged, STATUS_AFTER, type UnitEvent } from '../unit-events.ts';
import { readSqlState } from './describe-error.ts';
import { encodeJson } from './exact-text.ts';
import { FENCED, UNIT_CHANGED } from './functions.ts';
import { readJournalSequence } from './jobs.ts';
import type { Session } from './session.ts';

/** Events as the functions of the server take them. */
function encodeNews(events: readonly UnitEvent[]): string {
  return encodeJson(events.map((event, index) => encodeEvent(event, index + 1)));
}

function encodeEvent(event: UnitEvent, place: number): object {
  const { type, number, atMs } = event;
  const { code, detail } = describeEvent(event);
  const isFailure = type === 'failed' || type === 'retry';
  return {
    o: place,
    number,
    type,
    status: type === 'settled' ? event.as : STATUS_AFTER[type],
    count: countOf(event),
    at_ms: atMs,
    ...(code !== null && { code }),
    ...(detail !== null && { detail }),
    ...('receipt' in event && !isFailure && { receipt: event.receipt }),
    ...(type === 'done' && { result: event.resultJson }),
    ...('error' in event && { error_code: event.error.code, error_message: event.error.message }),
  };
}

/** Appends events. Errors: UNIT_CHANGED when a unit is not in a state for its event. */
export async function appendEvents(
  session: Session,
  { jobSeq, epoch }: { readonly jobSeq: number; readonly epoch: number },
  events: readonly UnitEvent[],
): Promise<void> {
  if (events.length === 0) return;
  const text = 'SELECT append_events($1, $2, $3)';
  await translated(events, epoch, session.query(text, [jobSeq, epoch, encodeNews(events)], { name: 'append' }));
}

/** A commit that hangs longer is lost: who looks takes the holder for dead a minute after its last heartbeat. */
const COMMIT_TIMEOUT_MS = 30_000;

/** What one commit writes; `printed` are lines of the log that came before it. */
export type CommitBatch = {
  readonly events: readonly UnitEvent[];
  readonly beatAtMs?: number;
  readonly printed?: string | undefined;
};

/** One commit of a runner, in one exchange. Errors: LEASE_FENCED, UNIT_CHANGED. */
export async function commitUnits(
  session: Session,
  { jobSeq, epoch, channel }: { readonly jobSeq: number; readonly epoch: number; readonly channel: string },
  { events, beatAtMs, printed }: CommitBatch,
): Promise<void> {
  const news = events.length > 0 ? encodeNews(events) : null;
  const values = [jobSeq, epoch, news, beatAtMs ?? null, channel, printed ?? null];
  const options = { name: 'commit', timeoutMs: COMMIT_TIMEOUT_MS };
  await translated(events, epoch, session.query('SELECT commit_units($1, $2, $3, $4, $5, $6)', values, options));
}

async function translated(events: readonly UnitEvent[], epoch: number, answer: Promise<unknown>): Promise<void> {
  try {
    await answer;
  } catch (error) {
    const state = readSqlState(error);
    const detail = error instanceof Error && 'detail' in error ? Number(error.detail) : Number.NaN;
    if (state === FENCED) checkEpoch(detail, epoch);
    const event = events[detail - 1];
    if (state === UNIT_CHANGED && event) throw describeUnitChanged(event);
    throw error;
  }
}

/** Refuses a writer that is no longer the holder. Errors: LEASE_FENCED. Source: design, rule 7. */
export async function checkFence(session: Session, jobSeq: number, epoch: number): Promise<void> {
  const text = 'SELECT coalesce(max(epoch), 0) AS epoch FROM leases WHERE job_seq = $1';
  const options = { name: 'epoch', timeoutMs: COMMIT_TIMEOUT_MS };
  const [row] = await session.query(text, [jobSeq], options);
  checkEpoch(Number(row?.epoch), epoch);
}

/** Which holder changes many units at once, and when (epoch milliseconds). */
export type ChangeMark = { readonly jobSeq: number; readonly epoch: number; readonly atMs: number };

/** Changes many units at once; answers how many there were. Call it inside a transaction. Source: decisions/0024. */
export async function changeUnits(session: Session, how: UnitsChange, mark: ChangeMark): Promise<number> {
  const base = await readJournalSequence(session, mark.jobSeq);
  const { jobSeq, epoch, atMs } = mark;
  const { journal, change } = UNITS_CHANGES[how];
  if (how === 'reset') await session.query('UPDATE jobs SET generation = generation + 1 WHERE seq = $1', [jobSeq]);
  const written = session.query(journal, [jobSeq, base, epoch, atMs], UNHURRIED);
  const [, [row]] = await Promise.all([written, session.query(change, [jobSeq, base], UNHURRIED)]);
  if (row) return Number(row.n);
  throw new RecoveryError('INTERNAL', 'a change of many units has no count');
}

/** A change of a million units takes its time. */
const UNHURRIED = { timeoutMs: 3_600_000 };

const INSERT = 'INSERT INTO unit_events (job_seq, sequence, number, attempt, event, epoch, at_ms, code, detail)';
const NEXT = '$2 + row_number() OVER (ORDER BY u.number), u.number';

const UNITS_CHANGES: Readonly<Record<UnitsChange, { readonly journal: string; readonly change: string }>> = {
  retry_failed: changeAll("status = 'failed'", { event: 'retry_failed', reset: '' }),
  reset: changeAll('true', {
    event: 'reset',
    reset: `, attempts = 0, receipt = NULL, result = NULL, error_code = NULL, error_message = NULL,
      started_at_ms = NULL`,
  }),
  // One with a receipt is under review for what was said beside it, and a hook cannot take that back.
  ask_again: {
    journal: `${INSERT} SELECT u.job_seq, ${NEXT}, CASE e.event WHEN 'unknown' THEN e.attempt ELSE 0 END, 'ask_again',
      $3, $4, u.status, CASE WHEN e.event = 'unknown' AND e.attempt > 0 THEN e.detail END FROM units u LEFT JOIN unit_events e ON e.job_seq = u.job_seq AND e.sequence = u.event
      WHERE u.job_seq = $1 AND u.status IN ('in_doubt', 'needs_review') AND u.status = 'needs_review'
      AND u.receipt IS NULL`,
    change: `WITH changed AS (UPDATE units u SET status = 'in_doubt', event = e.sequence FROM unit_events e
      WHERE e.job_seq = $1 AND e.sequence > $2 AND u.job_seq = $1 AND u.number = e.number RETURNING 1)
      SELECT count(*) AS n FROM changed`,
  },
};

function changeAll(where: string, { event, reset }: { readonly event: string; readonly reset: string }) {
  return {
    journal: `${INSERT} SELECT u.job_seq, ${NEXT}, u.attempts, '${event}', $3, $4, u.status, u.receipt FROM units u
      WHERE u.job_seq = $1 AND ${where} AND (u.status <> 'pending' OR u.attempts > 0)`,
    change: `WITH changed AS (UPDATE units SET status = 'pending', event = $2 + 1, finished_at_ms = NULL${reset}
      WHERE job_seq = $1 AND ${where} RETURNING 1) SELECT count(*) AS n FROM changed`,
  };
}
