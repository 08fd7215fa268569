/** Whether a store keeps its own promises. It reads every row, so it is asked for and not done on every opening. */
import type { StoreHealth, StoreProblem } from '../contract.ts';
import { STATUS_AFTER } from '../unit-events.ts';
import { findBrokenChains } from './list-reader.ts';
import type { Row, Session } from './session.ts';

/** How many rows of one job are named. */
const NAMED_ROWS = 5;
const UNHURRIED = { timeoutMs: 3_600_000 };

const PARTS = [
  ...['salvor_store', 'jobs', 'units', 'unit_data', 'unit_events', 'leases', 'audit', 'audit_heads', 'reports'],
  ...[
    'log_lines',
    'jobs_by_name',
    'rows_files',
    'rows_files_by_content',
    'jobs_by_activity',
    'jobs_in_order',
    'units_by_key',
  ],
  ...['units_pending', 'units_open', 'units_with_error', 'leases_unreleased', 'leases_beating', 'log_lines_by_job'],
];

/**
 * Checks a store: no table, index or function is missing, the state of every unit follows from the journal, the journal has
 * no hole, every unit has its input, and every audit chain ends at its head.
 *
 * Errors: those of the server for a store that cannot be read at all.
 */
export async function verifyStore(session: Session): Promise<StoreHealth> {
  const missing = await findMissing(session);
  // What follows asks the very tables that are missing.
  if (missing.length > 0) return { jobCount: 0, problems: missing.map((problem) => ({ type: 'damaged', problem })) };
  const jobs = await session.query("SELECT seq, id FROM jobs WHERE status <> 'importing' ORDER BY seq");
  const idOf = new Map(jobs.map((row) => [Number(row.seq), String(row.id)]));
  const broken = await findBrokenChains(session, [...idOf.keys()]);
  const found = [
    ...[...broken].map((seq) => ({ seq, problem: 'its audit chain is broken' })),
    ...(await findHoles(session)),
    ...(await findRows(session, 'a state that does not follow from the journal', [
      WRONG_STATES,
      JSON.stringify(STATUS_AFTER),
    ])),
    ...(await findRows(session, 'no input', [WITHOUT_INPUT])),
  ];
  const problems = found.flatMap(({ seq, problem }): readonly StoreProblem[] => {
    const jobId = idOf.get(seq);
    return jobId === undefined ? [] : [{ type: 'damaged', jobId, problem }];
  });
  return { jobCount: jobs.length, problems };
}

async function findMissing(session: Session): Promise<readonly string[]> {
  const text = `SELECT name FROM unnest($1::text[]) AS part(name) WHERE to_regclass(name) IS NULL
    UNION ALL SELECT name FROM unnest($2::text[]) AS part(name) WHERE NOT EXISTS (
      SELECT FROM pg_proc WHERE proname = name AND pronamespace = current_schema()::regnamespace)`;
  const rows = await session.query(text, [PARTS, ['append_events', 'commit_units']]);
  return rows.map((row) => `${String(row.name)} is missing`);
}

async function findHoles(session: Session) {
  const text = `SELECT job_seq, count(*) AS count, max(sequence) AS last FROM unit_events GROUP BY job_seq
    HAVING count(*) <> max(sequence)`;
  const rows = await session.query(text, [], UNHURRIED);
  return rows.map((row) => ({
    seq: Number(row.job_seq),
    problem: `its journal has ${Number(row.count)} events and ends at ${Number(row.last)}`,
  }));
}

/** Of each unit the newest event says what it is; a unit without one was never begun. */
const WRONG_STATES = `
  SELECT u.job_seq, u.number FROM units u LEFT JOIN (
    SELECT DISTINCT ON (job_seq, number) job_seq, number, event, code FROM unit_events
    ORDER BY job_seq, number, sequence DESC) e USING (job_seq, number)
  WHERE u.status IS DISTINCT FROM CASE WHEN e.event IS NULL THEN 'pending' WHEN e.event = 'settled' THEN e.code
    ELSE $1::json ->> e.event END
  ORDER BY u.job_seq, u.number`;

const WITHOUT_INPUT = `SELECT job_seq, number FROM units LEFT JOIN unit_data USING (job_seq, number)
  WHERE data IS NULL ORDER BY job_seq, number`;

async function findRows(session: Session, what: string, [text = '', ...values]: readonly string[]) {
  const rows = await session.query(text, values, UNHURRIED);
  const byJob: ReadonlyMap<number, readonly Row[]> = Map.groupBy(rows, (row) => Number(row.job_seq));
  return [...byJob].map(([seq, own]) => ({ seq, problem: describeRows(what, own) }));
}

function describeRows(what: string, rows: readonly Row[]): string {
  const named = rows.slice(0, NAMED_ROWS).map((row) => Number(row.number));
  const more = rows.length > named.length ? ` and ${rows.length - named.length} more` : '';
  const [noun, verb] = rows.length === 1 ? ['row', 'has'] : ['rows', 'have'];
  return `${noun} ${named.join(', ')}${more} ${verb} ${what}`;
}
