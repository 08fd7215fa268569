/** The store's schema, as steps from one version to the next; only ever forward. */
import type { DatabaseSync } from 'node:sqlite';
import { RecoveryError } from '../core/errors.ts';

/**
 * Tables: `jobs` what was asked; `units` each unit's state now; `unit_data` its input; `unit_events` the journal the
 * state follows from; `leases` one row for every holder a job had; `audit` the hash chain of control actions.
 * `units.event` is the journal sequence of the last change. Times are epoch milliseconds.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE jobs (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    status TEXT NOT NULL,
    spec TEXT NOT NULL,
    rows_path TEXT,
    rows_sha256 TEXT,
    rows_size_bytes INTEGER,
    rows_sha256_expected TEXT,
    generation INTEGER NOT NULL DEFAULT 1,
    run_count INTEGER NOT NULL DEFAULT 0,
    created_at_ms INTEGER NOT NULL,
    started_at_ms INTEGER,
    ended_at_ms INTEGER,
    active_at_ms INTEGER NOT NULL,
    error_code TEXT,
    error_message TEXT
  ) STRICT;
  CREATE INDEX jobs_by_name ON jobs(name);
  CREATE INDEX jobs_by_activity ON jobs(status, active_at_ms);

  CREATE TABLE units (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    number INTEGER NOT NULL,
    key TEXT NOT NULL,
    status TEXT NOT NULL,
    attempts INTEGER NOT NULL DEFAULT 0,
    receipt TEXT,
    result TEXT,
    error_code TEXT,
    error_message TEXT,
    started_at_ms INTEGER,
    finished_at_ms INTEGER,
    event INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (job_seq, number)
  ) STRICT, WITHOUT ROWID;
  CREATE UNIQUE INDEX units_by_key ON units(job_seq, key);
  CREATE INDEX units_by_status ON units(job_seq, status);
  CREATE INDEX units_open ON units(job_seq, number) WHERE status IN ('in_doubt', 'needs_review');
  CREATE INDEX units_with_error ON units(job_seq, event) WHERE error_code IS NOT NULL;

  CREATE TABLE unit_data (
    job_seq INTEGER NOT NULL,
    number INTEGER NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (job_seq, number)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE unit_events (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    sequence INTEGER NOT NULL,
    number INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    event TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    code TEXT,
    detail TEXT,
    PRIMARY KEY (job_seq, sequence)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE leases (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    epoch INTEGER NOT NULL,
    purpose TEXT NOT NULL,
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
  CREATE INDEX leases_unreleased ON leases(host, boot_id, pid) WHERE released_at_ms IS NULL;

  CREATE TABLE audit (
    job_seq INTEGER NOT NULL REFERENCES jobs(seq),
    sequence INTEGER NOT NULL,
    at_ms INTEGER NOT NULL,
    principal TEXT NOT NULL,
    action TEXT NOT NULL,
    outcome TEXT NOT NULL,
    code TEXT,
    plan_digest TEXT,
    details TEXT NOT NULL,
    hash TEXT NOT NULL,
    PRIMARY KEY (job_seq, sequence)
  ) STRICT, WITHOUT ROWID;
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
    database.exec('ROLLBACK');
    throw error;
  }
}

/** Reads the version of a store. Errors: STATE_TOO_NEW. */
export function checkStoreVersion(database: DatabaseSync, path: string): number {
  const found = Number(database.prepare('PRAGMA user_version').get()?.user_version ?? 0);
  if (found > STORE_VERSION) {
    throw new RecoveryError(
      'STATE_TOO_NEW',
      `${path} has schema version ${found}; this Salvor knows versions up to ${STORE_VERSION}`,
      { details: { path, found, supported: STORE_VERSION } },
    );
  }
  return found;
}
