/** The schema of a store in PostgreSQL, as steps from one version to the next; only ever forward. */
import { RecoveryError } from '../../core/errors.ts';
import { APPEND_EVENTS, COMMIT_UNITS } from './functions.ts';
import type { Session } from './session.ts';
import type { Settings } from './settings.ts';

/**
 * Tables: `salvor_store` the version, and the number its advisory locks begin with; the others as their names say. Units
 * have few indexes on purpose: a change of a unit's state writes into each of them. Texts are compared byte by byte.
 */
const STEPS: readonly string[] = [
  `
  CREATE TABLE salvor_store (
    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    version integer NOT NULL,
    lock_space integer NOT NULL DEFAULT (random() * 4294967295 - 2147483648)::integer
  );
  INSERT INTO salvor_store (version) VALUES (1);

  CREATE TABLE jobs (
    seq integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    name text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL CHECK (
      status IN ('importing', 'pending', 'running', 'stopped', 'failed', 'completed', 'cancelled')),
    spec text NOT NULL,
    rows_path text,
    rows_sha256 text COLLATE "C",
    rows_size_bytes bigint CHECK (rows_size_bytes >= 0),
    rows_sha256_expected text COLLATE "C",
    generation integer NOT NULL DEFAULT 1 CHECK (generation >= 1),
    run_count integer NOT NULL DEFAULT 0 CHECK (run_count >= 0),
    created_at_ms bigint NOT NULL,
    started_at_ms bigint,
    ended_at_ms bigint,
    active_at_ms bigint NOT NULL,
    error_code text,
    error_message text
  );
  CREATE INDEX jobs_by_name ON jobs(name);
  CREATE INDEX jobs_by_activity ON jobs(status, active_at_ms, seq);
  CREATE INDEX jobs_in_order ON jobs(active_at_ms, seq);

  CREATE TABLE rows_files (
    job_seq integer NOT NULL,
    sha256 text COLLATE "C" NOT NULL,
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    PRIMARY KEY (job_seq, sha256)
  );
  CREATE INDEX rows_files_by_content ON rows_files(sha256);

  CREATE TABLE units (
    job_seq integer NOT NULL,
    number integer NOT NULL CHECK (number >= 1),
    key text COLLATE "C" NOT NULL,
    status text COLLATE "C" NOT NULL DEFAULT 'pending' CHECK (
      status IN ('pending', 'in_doubt', 'done', 'failed', 'skipped', 'needs_review')),
    attempts integer NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    receipt text,
    result text,
    error_code text,
    error_message text,
    started_at_ms bigint,
    finished_at_ms bigint,
    event bigint NOT NULL DEFAULT 0 CHECK (event >= 0),
    PRIMARY KEY (job_seq, number)
  );
  CREATE UNIQUE INDEX units_by_key ON units(job_seq, key);
  CREATE INDEX units_pending ON units(job_seq, number) WHERE status = 'pending';
  CREATE INDEX units_open ON units(job_seq, number) WHERE status IN ('in_doubt', 'needs_review');
  CREATE INDEX units_with_error ON units(job_seq, event) WHERE error_code IS NOT NULL;

  CREATE TABLE unit_data (
    job_seq integer NOT NULL,
    number integer NOT NULL,
    data text NOT NULL,
    PRIMARY KEY (job_seq, number)
  );

  CREATE TABLE unit_events (
    job_seq integer NOT NULL,
    sequence bigint NOT NULL CHECK (sequence >= 1),
    number integer NOT NULL CHECK (number >= 1),
    attempt integer NOT NULL CHECK (attempt >= 0),
    event text COLLATE "C" NOT NULL CHECK (event IN ('intent', 'receipt', 'done', 'failed', 'retry', 'unknown',
      'unanswered', 'ask_again', 'not_done', 'settled', 'retry_failed', 'reset',
      'taken_back')),
    epoch integer NOT NULL CHECK (epoch >= 0),
    at_ms bigint NOT NULL,
    code text,
    detail text,
    PRIMARY KEY (job_seq, sequence)
  );

  CREATE TABLE leases (
    job_seq integer NOT NULL,
    epoch integer NOT NULL CHECK (epoch >= 1),
    purpose text COLLATE "C" NOT NULL CHECK (purpose IN ('run', 'cancel', 'settle')),
    host text COLLATE "C" NOT NULL,
    boot_id text COLLATE "C" NOT NULL,
    pid_namespace text COLLATE "C" NOT NULL,
    pid bigint NOT NULL,
    pid_start_ticks bigint NOT NULL,
    run_token text COLLATE "C" NOT NULL,
    principal text NOT NULL,
    acquired_at_ms bigint NOT NULL,
    heartbeat_at_ms bigint NOT NULL,
    released_at_ms bigint,
    PRIMARY KEY (job_seq, epoch)
  );
  CREATE INDEX leases_unreleased ON leases(host, boot_id, pid_namespace, pid) WHERE released_at_ms IS NULL;
  CREATE INDEX leases_beating ON leases(heartbeat_at_ms) WHERE released_at_ms IS NULL;

  CREATE TABLE audit (
    job_seq integer NOT NULL,
    sequence integer NOT NULL CHECK (sequence >= 1),
    at_ms bigint NOT NULL,
    principal text NOT NULL,
    action text NOT NULL,
    outcome text NOT NULL CHECK (outcome IN ('done', 'refused')),
    code text,
    plan_digest text,
    details text NOT NULL,
    hash text NOT NULL,
    PRIMARY KEY (job_seq, sequence)
  );
  CREATE TABLE audit_heads (job_seq integer PRIMARY KEY, hash text NOT NULL);

  CREATE TABLE reports (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_seq integer NOT NULL,
    report_id text COLLATE "C" NOT NULL,
    is_last_word boolean NOT NULL,
    report text NOT NULL,
    UNIQUE (job_seq, report_id)
  );

  CREATE TABLE log_lines (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    job_seq integer NOT NULL,
    lines text NOT NULL
  );
  CREATE INDEX log_lines_by_job ON log_lines(job_seq, seq);

  ${APPEND_EVENTS}
  ${COMMIT_UNITS}
  `,
  // What is in the journal needs no check: the words before are among these.
  `
  ALTER TABLE unit_events DROP CONSTRAINT unit_events_event_check;
  ALTER TABLE unit_events ADD CONSTRAINT unit_events_event_check CHECK (event IN ('intent', 'begun', 'receipt', 'done',
    'failed', 'retry', 'unknown', 'unanswered', 'ask_again', 'not_done', 'settled', 'retry_failed', 'reset',
    'taken_back')) NOT VALID;
  `,
];

/** The schema version this Salvor writes. */
export const STORE_VERSION = STEPS.length;

/** What a store says of itself: `lockSpace` is the first half of the key of its advisory locks. */
export type StoreHead = { readonly version: number; readonly lockSpace: number };

/** A schema that may not be looked into seems to be empty. */
const FIND_STORE = `SELECT to_regclass('salvor_store') IS NOT NULL AS is_made,
  NOT has_schema_privilege(to_regnamespace(current_setting('search_path')), 'USAGE') AS is_closed`;

/**
 * Reads what a store says of itself, or undefined when there is none.
 *
 * Errors: STATE_TOO_NEW; STATE_DENIED; STATE_CORRUPT for tables of somebody else's; those of the server.
 */
export async function checkStore(session: Session, place: string): Promise<StoreHead | undefined> {
  const [found] = await session.query(FIND_STORE, [], { name: 'find' });
  if (found?.is_closed === true) {
    const message = `${place}: permission denied for the schema`;
    throw new RecoveryError('STATE_DENIED', message, { details: { place } });
  }
  if (found?.is_made !== true) return undefined;
  const [row] = await session.query('SELECT version, lock_space FROM salvor_store', [], { name: 'head' });
  const version = Number(row?.version ?? 0);
  if (version > STORE_VERSION) {
    const message = `${place} has schema version ${version}; this Salvor knows versions up to ${STORE_VERSION}`;
    throw new RecoveryError('STATE_TOO_NEW', message, { details: { place, found: version, supported: STORE_VERSION } });
  }
  if (version >= 1) return { version, lockSpace: Number(row?.lock_space) };
  throw new RecoveryError('STATE_CORRUPT', `${place} has no schema version`, { details: { place } });
}

/** The same of a store that must be there. Errors: also STATE_UNREADABLE when there is none. */
export async function expectStore(session: Session, place: string): Promise<StoreHead> {
  const store = await checkStore(session, place);
  if (store) return store;
  throw new RecoveryError('STATE_UNREADABLE', `${place} has no store`, { details: { place } });
}

/** Whoever makes a store waits for whoever is making it: a number of no other meaning. */
const MAKING_LOCK = 5_321_870_431;

/**
 * Makes the store, or brings it up to this version. Call it inside a transaction of its own.
 *
 * Errors: STATE_TOO_NEW; STATE_UNWRITABLE for a database that cannot hold every text; those of the server.
 */
export async function migrateStore(session: Session, { place, schema }: Settings): Promise<void> {
  await session.query('SELECT pg_advisory_xact_lock($1)', [MAKING_LOCK]);
  const found = await checkStore(session, place);
  if (found) return applySteps(session, found.version);
  const [row] = await session.query(
    "SELECT current_setting('server_encoding') AS encoding, to_regnamespace($1) AS made",
    [quoteName(schema)],
  );
  if (row?.encoding !== 'UTF8') {
    const message = `${place} has encoding ${String(row?.encoding)}, which cannot hold every text; make a database with UTF8`;
    throw new RecoveryError('STATE_UNWRITABLE', message, { details: { place, encoding: row?.encoding } });
  }
  if (row.made === null) await session.query(`CREATE SCHEMA ${quoteName(schema)}`);
  await applySteps(session, 0);
}

/** Brings a store from a version to this one. */
async function applySteps(session: Session, found: number): Promise<void> {
  for (const step of STEPS.slice(found)) await session.query(step);
  if (found < STORE_VERSION) await session.query('UPDATE salvor_store SET version = $1', [STORE_VERSION]);
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
