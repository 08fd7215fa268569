/** One session with a server of PostgreSQL. */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, type ClientConfig, types } from 'pg';
import { RecoveryError } from '../../core/errors.ts';
import { describeLoss, describeNotReached, isLoss, readSqlState } from './describe-error.ts';
import { decodeText, encodeText } from './exact-text.ts';
import { findPassword } from './password-file.ts';
import type { ServerAddress, Settings } from './settings.ts';
import { listTlsWays, type TlsWay } from './tls.ts';

/** A row of an answer. Whole numbers are numbers, and texts as they were before they were stored. */
export type Row = Readonly<Record<string, unknown>>;

/** A value of a statement; a list becomes an array of the server. */
export type Value = string | number | boolean | null | readonly (string | number | null)[];

/** A statement by a name is parsed once in a session. `timeoutMs` gives the session up when the server does not answer. */
export type QueryOptions = { readonly name?: string; readonly timeoutMs?: number };

/** One session. Statements go out at once, without waiting for the answers of those before. */
export type Session = {
  /** Errors: those of the server as they are; STATE_UNREACHABLE when the session is lost. */
  readonly query: (text: string, values?: readonly Value[], options?: QueryOptions) => Promise<readonly Row[]>;
  /** Ends a transaction. Errors: STATE_UNREACHABLE, saying that its outcome is not known; those of the server. */
  readonly commit: () => Promise<void>;
  readonly backendPid: number;
  /** Why it is of no use any more. */
  readonly lost: () => RecoveryError | undefined;
  /** Calls back when it is lost, once. */
  readonly onLost: (listen: () => void) => void;
  readonly onNotice: (listen: () => void) => void;
  /** Whether it keeps the process alive. */
  readonly keepAlive: (isKept: boolean) => void;
  /** Errors: none. */
  readonly close: () => Promise<void>;
};

/** What is asked of the server is in the words of this version. Source: docs/dependencies.md. */
const OLDEST_SERVER = 130_000;
/** A server that is just starting is waited for so long. */
const STARTING_WAIT_MS = 10_000;
const STARTING_RETRY_MS = 100;
/** No short question takes so long; a connection that swallows them is lost. */
const QUERY_TIMEOUT_MS = 60_000;
const KEEPALIVE_AFTER_MS = 10_000;

/** So a server that was sent something notices within half a minute that a host is gone, and lets its locks go. */
const SESSION_SETTINGS: Readonly<Record<string, string>> = {
  synchronous_commit: 'on',
  lock_timeout: '20s',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '60s',
  default_transaction_isolation: 'read committed',
  default_transaction_read_only: 'off',
  jit: 'off',
  // Of a session on a socket of the machine itself these say nothing, and are taken without effect.
  tcp_keepalives_idle: '10',
  tcp_keepalives_interval: '5',
  tcp_keepalives_count: '3',
  tcp_user_timeout: '30000',
};

/**
 * Connects to the first server that takes it.
 *
 * Errors: STATE_UNREACHABLE, STATE_DENIED, TARGET_UNKNOWN, STATE_TOO_OLD; none has a password in it.
 */
export async function openSession(settings: Settings): Promise<Session> {
  let failure: unknown;
  for (const server of settings.servers) {
    try {
      return await connectTo(settings, server);
    } catch (error) {
      failure ??= error;
    }
  }
  throw describeNotReached(settings.place, failure);
}

async function connectTo(settings: Settings, server: ServerAddress): Promise<Session> {
  const giveUpAtMs = performance.now() + STARTING_WAIT_MS;
  for (;;) {
    try {
      return await connectSecured(settings, server);
    } catch (error) {
      if (readSqlState(error) !== '57P03' || performance.now() > giveUpAtMs) throw error;
      await delay(STARTING_RETRY_MS);
    }
  }
}

async function connectSecured(settings: Settings, server: ServerAddress): Promise<Session> {
  const giveUpAtMs = performance.now() + settings.connectTimeoutMs;
  let failure: unknown;
  for (const way of listTlsWays(settings, server.host)) {
    const client = makeClient(settings, server, way);
    // A session that ends by itself says so here, and nobody else is there to hear it yet.
    client.on('error', () => {});
    try {
      await client.connect();
      return await prepare(makeSession(client, settings.place), settings);
    } catch (error) {
      client.end().catch(() => {});
      // An answer that has nothing to do with TLS is the answer.
      if (isAnswer(error) || performance.now() >= giveUpAtMs) throw error;
      failure = error;
    }
  }
  throw failure;
}

function isAnswer(error: unknown): boolean {
  const state = readSqlState(error);
  const isSystems = error instanceof Error && 'syscall' in error;
  return isSystems || error instanceof RecoveryError || (state !== undefined && state !== '28000');
}

function makeClient(settings: Settings, { host, port }: ServerAddress, ssl: TlsWay): Client {
  const { user, database, password, passwordFile, connectTimeoutMs } = settings;
  const config = {
    host,
    port,
    user,
    database,
    // Called when the server asks.
    password: () =>
      password ?? findPassword(passwordFile, { host, port, database, user }) ?? describeNoPassword(settings),
    ssl: ssl as ClientConfig['ssl'] & {},
    options: '',
    application_name: 'salvor',
    connectionTimeoutMillis: connectTimeoutMs,
    query_timeout: QUERY_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEPALIVE_AFTER_MS,
    pipeline: true,
    types: { getTypeParser },
  };
  return new Client(config);
}

function describeNoPassword({ place, passwordFile }: Settings): never {
  const message = `${place} asks for a password, and there is none in PGPASSWORD and ${passwordFile}`;
  throw new RecoveryError('STATE_DENIED', message, { details: { place } });
}

const BIGINT = 20;

/** Counts and times fit a number; everything else is as the driver reads it. */
const getTypeParser = (oid: number, format?: 'text' | 'binary'): ((text: string) => unknown) =>
  oid === BIGINT ? Number : types.getTypeParser(oid, format);

function makeSession(client: Client, place: string): Session {
  let lost: RecoveryError | undefined;
  const listeners = new Set<() => void>();
  const lose = (error: unknown, when?: string): RecoveryError => {
    const reason = describeLoss(place, error, when);
    if (lost) return lost;
    lost = reason;
    client.end().catch(() => {});
    for (const listen of listeners) listen();
    return reason;
  };
  // The driver's own `ref` and `unref` are not in its types.
  const keepAlive = (isKept: boolean) => void Reflect.get(client, isKept ? 'ref' : 'unref').call(client);
  client.on('error', (error) => lose(error));
  client.on('end', () => lose(new Error('it was closed')));
  return {
    async query(text, values, options = {}) {
      if (lost) throw lost;
      const { name, timeoutMs } = options;
      try {
        const query = {
          text,
          ...(values && { values: values.map(encodeValue) }),
          ...(name !== undefined && { name }),
          ...(timeoutMs !== undefined && { query_timeout: timeoutMs }),
        };
        const { rows } = await client.query(query);
        return (rows ?? []).map(decodeRow);
      } catch (error) {
        if (lost) throw lost;
        throw isLoss(error) ? lose(error) : error;
      }
    },
    async commit() {
      if (lost) throw lost;
      try {
        const { command } = await client.query('COMMIT');
        if (command !== 'COMMIT') throw new Error(`the server answered ${command} to COMMIT`);
      } catch (error) {
        if (readSqlState(error) !== undefined && !isLoss(error)) throw error;
        const when = 'the last change may stand or not';
        lose(error);
        throw describeLoss(place, error, when);
      }
    },
    backendPid: Number(Reflect.get(client, 'processID')),
    lost: () => lost,
    onLost: (listen) => void listeners.add(listen),
    onNotice: (listen) => void client.on('notification', listen),
    keepAlive,
    async close() {
      listeners.clear();
      lost ??= new RecoveryError('STATE_UNREACHABLE', `${place}: the connection was closed`);
      // A process would end before the goodbye has gone out, and with it whoever waits for it.
      keepAlive(true);
      await client.end().catch(() => {});
    },
  };
}

async function prepare(session: Session, settings: Settings): Promise<Session> {
  const names = ['search_path', ...Object.keys(SESSION_SETTINGS)];
  const path = `"${settings.schema.replaceAll('"', '""')}"`;
  const list = names.map((name, at) => `set_config('${name}', $${at + 1}, false)`).join(', ');
  const text = `SELECT current_setting('server_version_num')::int AS number, current_setting('server_version') AS version,
    pg_is_in_recovery() AS is_standby, ${list}`;
  const [row] = await session.query(text, [path, ...Object.values(SESSION_SETTINGS)]);
  const isOld = Number(row?.number) < OLDEST_SERVER;
  const isOnlyStandby = settings.needsPrimary && row?.is_standby === true;
  if (!isOld && !isOnlyStandby) return session;
  await session.close();
  if (isOnlyStandby) {
    const problem = `${settings.place} is a standby, and target_session_attrs asks for a server that takes changes`;
    throw new RecoveryError('STATE_UNREACHABLE', problem, { details: { place: settings.place } });
  }
  const message = `${settings.place} is PostgreSQL ${String(row?.version)}; Salvor needs 13 or newer`;
  throw new RecoveryError('STATE_TOO_OLD', message, { details: { place: settings.place, found: row?.version } });
}

function encodeValue(value: Value): unknown {
  if (typeof value === 'string') return encodeText(value);
  return Array.isArray(value) ? value.map((one) => (typeof one === 'string' ? encodeText(one) : one)) : value;
}

function decodeRow(row: Row): Row {
  for (const [name, value] of Object.entries(row)) {
    if (typeof value === 'string') Reflect.set(row, name, decodeText(value));
  }
  return row;
}
