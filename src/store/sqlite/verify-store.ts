/** Whether a store keeps its own promises. It reads every row, so it is asked for and not done on every opening. */
import { DatabaseSync } from 'node:sqlite';
import { inspectAudit } from '../audit-chain.ts';
import type { StoreProblem } from '../contract.ts';
import { STATUS_AFTER } from '../unit-events.ts';
import { readAudit, readAuditHead } from './audit.ts';
import { migrateStore } from './migrations.ts';

/** How many problems of pages and indexes are told. */
const PAGE_PROBLEMS = 5;
/** How many rows of one job are named. */
const NAMED_ROWS = 5;

/**
 * Checks a store: pages and indexes are whole, none is missing, the state of every unit follows from the journal, the
 * journal has no hole, every unit has its input, and every audit chain ends at its head. An empty list is a whole store.
 *
 * Errors: those of SQLite for a store that cannot be read at all.
 * Source: docs/architecture.md, the state directory.
 */
export function verifyStore(database: DatabaseSync): readonly StoreProblem[] {
  const pages = database.prepare(`PRAGMA integrity_check(${PAGE_PROBLEMS})`).all();
  const broken = pages.map((row) => String(row.integrity_check)).filter((line) => line !== 'ok');
  const missing = findMissing(database);
  // What follows asks the very tables and indexes that are broken.
  if (broken.length + missing.length > 0)
    return [...broken, ...missing].map((problem) => ({ type: 'damaged', problem }));
  return database
    .prepare("SELECT seq, id FROM jobs WHERE status != 'importing' ORDER BY seq")
    .all()
    .flatMap(({ seq, id }) =>
      verifyJob(database, Number(seq)).map(
        (problem): StoreProblem => ({ type: 'damaged', jobId: String(id), problem }),
      ),
    );
}

/** Tables, indexes and triggers that a store of this version has and this one has not. */
function findMissing(database: DatabaseSync): readonly string[] {
  const found = new Set(listSchema(database));
  const model = new DatabaseSync(':memory:');
  try {
    migrateStore(model, ':memory:');
    return listSchema(model)
      .filter((name) => !found.has(name))
      .map((name) => `${name} is missing`);
  } finally {
    model.close();
  }
}

function listSchema(database: DatabaseSync): readonly string[] {
  return database
    .prepare("SELECT type || ' ' || name AS name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY 1")
    .all()
    .map((row) => String(row.name));
}

function verifyJob(database: DatabaseSync, jobSeq: number): readonly string[] {
  const { broken } = inspectAudit(readAudit(database, jobSeq), readAuditHead(database, jobSeq));
  return [
    ...(broken ? [`its audit chain is broken at entry ${broken.sequence}`] : []),
    ...findHoles(database, jobSeq),
    ...findWrongStates(database, jobSeq),
    ...describeRows(
      'no input',
      database
        .prepare(`SELECT u.number FROM units u LEFT JOIN unit_data d USING (job_seq, number)
            WHERE u.job_seq = ? AND d.data IS NULL ORDER BY u.number`)
        .all(jobSeq),
    ),
  ];
}

/** A journal without a hole; what a store that went back in time has lost is told by the events after it. */
function findHoles(database: DatabaseSync, jobSeq: number): readonly string[] {
  const row = database
    .prepare(`SELECT sequence, event, before FROM (
        SELECT sequence, event, lag(sequence, 1, 0) OVER (ORDER BY sequence) AS before FROM unit_events WHERE job_seq = ?
      ) WHERE sequence != before + 1 AND event != 'doubted' ORDER BY sequence LIMIT 1`)
    .get(jobSeq);
  if (!row) return [];
  return [`its journal has a hole: event ${Number(row.sequence)} comes after event ${Number(row.before)}`];
}

/** Of each unit the newest event says what it is; a unit without one was never begun. */
function findWrongStates(database: DatabaseSync, jobSeq: number): readonly string[] {
  const rows = database
    .prepare(`SELECT u.number FROM units u LEFT JOIN (
            SELECT number, event, code, max(sequence) FROM unit_events WHERE job_seq = ?1 GROUP BY number
          ) e USING (number) LEFT JOIN json_each(?2) s ON s.key = e.event
          WHERE u.job_seq = ?1 AND u.status IS NOT CASE
            WHEN e.event IS NULL THEN 'pending' WHEN e.event = 'settled' THEN e.code ELSE s.value END
          ORDER BY u.number`)
    .all(jobSeq, JSON.stringify(STATUS_AFTER));
  return describeRows('a state that does not follow from the journal', rows);
}

function describeRows(what: string, rows: readonly Readonly<Record<string, unknown>>[]): readonly string[] {
  if (rows.length === 0) return [];
  const named = rows.slice(0, NAMED_ROWS).map((row) => Number(row.number));
  const more = rows.length > named.length ? ` and ${rows.length - named.length} more` : '';
  return [
    `${rows.length === 1 ? 'row' : 'rows'} ${named.join(', ')}${more} ${rows.length === 1 ? 'has' : 'have'} ${what}`,
  ];
}
