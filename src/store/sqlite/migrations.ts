/** The store's schema, as steps from one version to the next; only ever forward. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../../core/errors.ts';

/**
 * Tables: `jobs` what was asked; `rows_files` every content a job's rows file had, or was about to get; `units` each unit's state now; `unit_data` its input; `unit_events` the journal the
 * state follows from; `leases` one row for every holder a job had; `audit` the hash chain of control actions;
 * `audit_heads` the newest hash of each, so that a chain that lost its end is seen.
 * `units.event` is the journal sequence of the last change. Times are epoch milliseconds. States and events are words
 * that are known here: a writer with another one, or with a count below what can be, fails instead of being believed.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL CHECK (
      status IN ('importing', 'pending', 'running', 'stopped', 'failed', 'completed', 'cancelled')),
    spec TEXT NOT NULL,
    rows_path TEXT,
    rows_sha256 TEXT,
    rows_size_bytes INTEGER CHECK (rows_size_bytes >= 0),
    rows_sha256_expected TEXT,
    generation INTEGER NOT NULL DEFAULT 1 CHECK (generation >= 1),
    run_count INTEGER NOT NULL DEFAULT 0 CHECK (run_count >= 0),
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    active_at_ms INTEGER NOT NULL,
    error_code TEXT,
    error_message TEXT
  ) STRICT;
  CREATE INDEX jobs_by_name ON jobs(name);
  CREATE INDEX jobs_by_activity ON jobs(status, active_at_ms);
  CREATE INDEX jobs_in_order ON jobs(active_at_ms, seq, status);

  CREATE TABLE rows_files (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    sha256 TEXT NOT NULL,
    size_bytes INTEGER NOT NULL CHECK (size_bytes >= 0),
    PRIMARY KEY (job_seq, sha256)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX rows_files_by_content ON rows_files(sha256);

  CREATE TABLE units (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    number INTEGER NOT NULL CHECK (number >= 1),
    key TEXT NOT NULL,
    status TEXT NOT NULL CHECK (status IN ('pending', 'in_doubt', 'done', 'failed', 'skipped', 'needs_review')),
    attempts INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    receipt TEXT,
    result TEXT,
    error_code TEXT,
    error_message TEXT,
    started_at_ms INTEGER,
    finished_at_ms INTEGER,
    event INTEGER NOT NULL DEFAULT 0 CHECK (event >= 0),
    PRIMARY KEY (job_seq, number)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX units_by_key ON units(job_seq, key);
  CREATE INDEX units_by_status ON units(job_seq, status);
  CREATE INDEX units_open ON units(job_seq, number) WHERE status IN ('in_doubt', 'needs_review');
  CREATE INDEX units_with_receipt ON units(job_seq, status, receipt) WHERE receipt IS NOT NULL;
  CREATE INDEX units_with_error ON units(job_seq, event) WHERE error_code IS NOT NULL;

  CREATE TABLE unit_data (
    job_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (job_seq, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE unit_events (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    number INTEGER NOT NULL CHECK (number >= 1),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    event TEXT NOT NULL CHECK (event IN ('intent', 'receipt', 'done', 'failed', 'retry', 'unknown', 'unanswered',
      'ask_again', 'not_done', 'settled', 'retry_failed', 'reset', 'doubted',
      'taken_back')),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    at_ms INTEGER NOT NULL,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (job_seq, sequence)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    epoch INTEGER NOT NULL CHECK (epoch >= 1),
    purpose TEXT NOT NULL CHECK (purpose IN ('run', 'cancel', 'settle', 'repair')),
    host TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    pid_namespace TEXT NOT NULL,
    pid INTEGER NOT NULL,
    pid_start_ticks INTEGER NOT NULL,
    run_token TEXT NOT NULL,
    principal TEXT NOT NULL,
    acquired_at_ms INTEGER NOT NULL,
    heartbeat_at_ms INTEGER NOT NULL,
    released_at_ms INTEGER,
    PRIMARY KEY (job_seq, epoch)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX leases_unreleased ON leases(host, boot_id, pid_namespace, pid) WHERE released_at_ms IS NULL;
  CREATE INDEX leases_beating ON leases(heartbeat_at_ms) WHERE released_at_ms IS NULL;

  CREATE TABLE audit (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    at_ms INTEGER NOT NULL,
    principal TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused')),
    code TEXT,
    plan_digest TEXT,
    details TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (job_seq, sequence)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE audit_heads (
    job_seq INTEGER PRIMARY KEY REFERENCES jobs(seq),
    hash TEXT NOT NULL
  ) STRICT;
  `,
  // Of every event only its word is checked anew; what is in the journal stays as it is.
  `
  ALTER TABLE unit_events RENAME TO unit_events_before;
  CREATE TABLE unit_events (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    sequence INTEGER NOT NULL CHECK (sequence >= 1),
    number INTEGER NOT NULL CHECK (number >= 1),
    attempt INTEGER NOT NULL CHECK (attempt >= 0),
    event TEXT NOT NULL CHECK (event IN ('intent', 'begun', 'receipt', 'done', 'failed', 'retry', 'unknown',
      'unanswered', 'ask_again', 'not_done', 'settled', 'retry_failed', 'reset', 'doubted',
      'taken_back')),
    epoch INTEGER NOT NULL CHECK (epoch >= 0),
    at_ms INTEGER NOT NULL,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (job_seq, sequence)
  ) STRICT, WITHOUT ROWID;
  INSERT INTO unit_events SELECT * FROM unit_events_before ORDER BY job_seq, sequence;
  DROP TABLE unit_events_before;
  `,
];

/** The schema version this Salvor writes. */
export const STORE_VERSION = STEPS.length;

/**
 * Brings a store up to this version; every step commits with its version number.
 *
 * Errors: STATE_TOO_NEW for a version this Salvor does not know.
 * Source: decisions/0002; a newer store is refused and left as it is.
 */
export function migrateStore(database: DatabaseSync, path: string): void {
  const found = checkStoreVersion(database, path);
  if (found === STORE_VERSION) return;
  database.exec('BEGIN IMMEDIATE');
  try {
    // Another process may have migrated while this one waited for the write lock.
    for (let version = checkStoreVersion(database, path); version < STORE_VERSION; version += 1) {
      database.exec(`${STEPS[version]}; PRAGMA user_version = ${version + 1}`);
    }
    database.exec('COMMIT');
  } catch (error) {
    // SQLite has rolled back by itself when the disk is full.
    if (database.isTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

const INDEXES = [...STEPS.join('').matchAll(/CREATE (UNIQUE )?INDEX (\w+)[^;]*/g)].map(
  ([text, unique = '', name = '']) => ({
    name,
    text: text.replace(`CREATE ${unique}INDEX`, `CREATE ${unique}INDEX IF NOT EXISTS`),
  }),
);

/** Makes indexes again that somebody dropped: everything in them follows from the tables. Errors: those of SQLite. */
export function restoreIndexes(database: DatabaseSync): void {
  const names = JSON.stringify(INDEXES.map(({ name }) => name));
  const row = database
    .prepare(
      "SELECT count(*) AS n FROM sqlite_master WHERE type = 'index' AND name IN (SELECT value FROM json_each(?))",
    )
    .get(names);
  if (row?.n !== INDEXES.length) database.exec(INDEXES.map(({ text }) => text).join(';'));
}

/**
 * Reads the version of a store; 0 is an empty file, which is a store not made yet.
 *
 * Errors: STATE_TOO_NEW; STATE_CORRUPT for a database of somebody else's, and for an empty one beside jobs.
 */
export function checkStoreVersion(database: DatabaseSync, path: string): number {
  const { version, tableCount, ownCount } = readShape(database);
  const refuse = (code: 'STATE_TOO_NEW' | 'STATE_CORRUPT', problem: string, details = {}) =>
    new RecoveryError(code, `${path} ${problem}`, { details: { path, ...details } });
  if (version > STORE_VERSION) {
    const problem = `has schema version ${version}; this Salvor knows versions up to ${STORE_VERSION}`;
    throw refuse('STATE_TOO_NEW', problem, { found: version, supported: STORE_VERSION });
  }
  if (version < 0 || (version === 0 ? tableCount > 0 : ownCount !== OWN_TABLES.length)) {
    throw refuse('STATE_CORRUPT', 'is a database, but not a store of Salvor');
  }
  // Directories of jobs come after the store; looking again leaves out one that was made just now.
  if (version === 0 && existsSync(join(dirname(path), 'jobs')) && readShape(database).version === 0) {
    throw refuse('STATE_CORRUPT', 'is empty, and directories of its jobs are there');
  }
  return version;
}

const OWN_TABLES = ['jobs', 'units', 'unit_events', 'leases', 'audit'];

/** One statement, so that a store that is just being made is seen before or after. */
function readShape(database: DatabaseSync) {
  const own = OWN_TABLES.map((name) => `'${name}'`).join(', ');
  const row = database
    .prepare(
      `SELECT user_version, (SELECT count(*) FROM sqlite_master) AS tables,
       (SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name IN (${own})) AS own FROM pragma_user_version`,
    )
    .get();
  return { version: Number(row?.user_version), tableCount: Number(row?.tables), ownCount: Number(row?.own) };
}
