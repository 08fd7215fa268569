/** Where a store in PostgreSQL is and how it is reached, as its URL and libpq's environment say. */
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import { withoutPassword } from '../store-url.ts';

/** What libpq calls sslmode. Source: PostgreSQL documentation, SSL support. */
export const TLS_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
/** One of them. */
export type TlsMode = (typeof TLS_MODES)[number];

/** A server to try: a host name, an address, or the directory of a socket. */
export type ServerAddress = { readonly host: string; readonly port: number };

/** How the store is reached. `place` is what operators are told; it has no password. */
export type Settings = {
  readonly place: string;
  /** Tried in this order. */
  readonly servers: readonly ServerAddress[];
  readonly user: string;
  readonly database: string;
  /** Of the URL or of PGPASSWORD; without one the password file is asked. */
  readonly password?: string;
  readonly passwordFile: string;
  /** The schema that the store is in. */
  readonly schema: string;
  readonly tls: {
    readonly mode: TlsMode;
    /** `system` for the roots of the system. */
    readonly rootCertificate: string;
    readonly certificate: string;
    readonly key: string;
  };
  readonly connectTimeoutMs: number;
  /** Passes over servers that take no changes. */
  readonly needsPrimary: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

const URL_SHAPE = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^/?#]*)(?:\/([^@?#]*))?(?:\?([^#]*))?$/;
const DEFAULT_PORT = 5432;
const DEFAULT_SCHEMA = 'salvor';
const CONNECT_TIMEOUT_S = 10;

/**
 * Reads a URL and the environment; what the URL says comes first.
 *
 * Errors: TARGET_UNKNOWN for a URL that says something else than where a store is; it never repeats a password.
 */
export function readSettings(url: string, env: Environment): Settings {
  const shape = URL_SHAPE.exec(url);
  if (!shape) throw describeBadUrl(url, 'is not postgres://USER@HOST:PORT/DATABASE');
  const [, userPart = '', hostPart = '', databasePart = '', queryPart = ''] = shape;
  const query = new URLSearchParams(queryPart);
  const said = (name: string, variable: string): string | undefined =>
    nonEmpty(query.get(name) ?? undefined) ?? nonEmpty(env[variable]);
  const [userName = '', ...passwordParts] = userPart.split(':');
  const home = env.HOME ?? homedir();
  const user = decode(url, userName) || said('user', 'PGUSER') || userInfo().username;
  const database = decode(url, databasePart) || said('dbname', 'PGDATABASE') || user;
  const servers = readServers(url, hostPart, said);
  const schema = readSchema(said('options', 'PGOPTIONS'));
  const password = nonEmpty(decode(url, passwordParts.join(':'))) ?? said('password', 'PGPASSWORD');
  const beside = (name: string) => join(home, '.postgresql', name);
  return {
    place: describePlace({ user, servers, database, schema }),
    servers,
    user,
    database,
    ...(password !== undefined && { password }),
    passwordFile: said('passfile', 'PGPASSFILE') ?? join(home, '.pgpass'),
    schema,
    tls: {
      mode: readMode(url, said('sslmode', 'PGSSLMODE') ?? 'prefer'),
      rootCertificate: said('sslrootcert', 'PGSSLROOTCERT') ?? beside('root.crt'),
      certificate: said('sslcert', 'PGSSLCERT') ?? beside('postgresql.crt'),
      key: said('sslkey', 'PGSSLKEY') ?? beside('postgresql.key'),
    },
    connectTimeoutMs: readSeconds(url, said('connect_timeout', 'PGCONNECT_TIMEOUT')) * 1000,
    needsPrimary: readNeed(url, said('target_session_attrs', 'PGTARGETSESSIONATTRS') ?? 'any'),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function decode(url: string, part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw describeBadUrl(url, 'has a percent sign that is not followed by two digits');
  }
}

function describeBadUrl(url: string, problem: string): RecoveryError {
  const target = withoutPassword(url);
  return new RecoveryError('TARGET_UNKNOWN', `${target} ${problem}`, { details: { target } });
}

function readServers(
  url: string,
  hostPart: string,
  said: (name: string, variable: string) => string | undefined,
): readonly ServerAddress[] {
  const fallback = said('port', 'PGPORT');
  const named = hostPart === '' ? (said('host', 'PGHOST') ?? 'localhost') : hostPart;
  return named.split(',').map((part) => {
    const address = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(part);
    if (!address)
      throw describeBadUrl(
        url,
        'names a server that is not HOST or HOST:PORT; what a password has besides letters and digits is written as %XX',
      );
    const [, host = '', port = fallback ?? String(DEFAULT_PORT)] = address;
    const number = Number(port);
    if (!(Number.isInteger(number) && number > 0 && number < 65_536)) throw describeBadUrl(url, `has port '${port}'`);
    return { host: decode(url, host.replace(/^\[|\]$/g, '')), port: number };
  });
}

function readMode(url: string, mode: string): TlsMode {
  const known = TLS_MODES.find((one) => one === mode);
  if (known) return known;
  throw describeBadUrl(url, `has sslmode '${mode}'; it is one of ${TLS_MODES.join(', ')}`);
}

function readNeed(url: string, attributes: string): boolean {
  if (attributes === 'any') return false;
  if (attributes === 'read-write' || attributes === 'primary') return true;
  throw describeBadUrl(url, `has target_session_attrs '${attributes}'; it is one of any, read-write, primary`);
}

function readSeconds(url: string, text: string | undefined): number {
  const seconds = Number(text ?? CONNECT_TIMEOUT_S);
  if (!Number.isFinite(seconds) || seconds < 0) throw describeBadUrl(url, `has connect_timeout '${text}'`);
  return seconds === 0 ? CONNECT_TIMEOUT_S : seconds;
}

/** The first schema of `-c search_path=...`, which is the one that tables are made in. */
function readSchema(options: string | undefined): string {
  const path = /(?:^|\s)(?:-c\s*|--)search_path=((?:\\.|\S)*)/.exec(options ?? '')?.[1];
  const first = path?.replaceAll(/\\(.)/g, '$1').split(',')[0]?.trim();
  return nonEmpty(first?.replaceAll(/^"|"$/g, '').replaceAll('""', '"')) ?? DEFAULT_SCHEMA;
}

function describePlace({
  user,
  servers,
  database,
  schema,
}: Pick<Settings, 'user' | 'servers' | 'database' | 'schema'>) {
  const hosts = servers.map(({ host, port }) => {
    const name = host.startsWith('/') ? encodeURIComponent(host) : host.includes(':') ? `[${host}]` : host;
    return port === DEFAULT_PORT ? name : `${name}:${port}`;
  });
  const path = schema.replaceAll(/[\\\s]/g, '\\$&');
  const options = schema === DEFAULT_SCHEMA ? '' : `?options=${encodeURIComponent(`-csearch_path=${path}`)}`;
  return `postgres://${encodeURIComponent(user)}@${hosts.join(',')}/${encodeURIComponent(database)}${options}`;
}
