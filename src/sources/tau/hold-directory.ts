import { createConnection, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import { findSocketOwner, type SocketOwner } from '../../platform/find-socket-owner.ts';
import { tryLock } from '../../platform/lock-file.ts';

/** How long a holder has to say who it is. */
const ANSWER_MS = 500;
/** More than this is not what a holder says. Unit: characters. */
const ANSWER_LIMIT = 1_000;

/** How much of a digest names a directory in the kernel. Unit: characters. */
export const KEY_LENGTH = 40;

/** A directory held by this process. */
export type HeldDirectory = { readonly release: () => Promise<void> };

/** Who holds, as losers are told. */
export type Holder = { readonly principal: string; readonly host: string; readonly pid: number };

/**
 * Makes this process the only one that acts on a directory, until it lets go or dies.
 *
 * The lock is a name in the kernel (an abstract socket), so nothing is written into the directory and nothing is left
 * behind by a crash; whoever comes second asks the holder who it is. Elsewhere than on Linux it is a locked file in the
 * system's directory for temporary files. Other hosts, and other network namespaces, are not seen: a plan is still
 * checked against what is there when it is carried out.
 *
 * Shapes: `key` is a digest of the directory's real path.
 * Errors: LEASE_HELD naming the holder, as far as the kernel can tell who it is.
 * Source: design, rules 2 and 7; formats/tau 4.16.
 */
export async function holdDirectory(key: string, directory: string, self: Holder): Promise<HeldDirectory> {
  if (process.platform !== 'linux') return holdFile(key, directory);
  const name = `salvor-${key}`;
  const path = `\0${name}`;
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.end(JSON.stringify(self));
  });
  if (await listen(server, path)) return { release: () => close(server) };
  throw describeHeld(directory, proveHolder(await askHolder(path), findSocketOwner(name)));
}

function listen(server: Server, path: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ path }, () => resolve(true));
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}

/** What the holder says of itself; another program may hold the name, so its words are foreign text. */
function askHolder(path: string): Promise<Partial<Holder> | undefined> {
  return new Promise((resolve) => {
    const socket = createConnection({ path });
    let said = '';
    const finish = (): void => {
      socket.destroy();
      resolve(parseHolder(said));
    };
    socket.setEncoding('utf8');
    socket.setTimeout(ANSWER_MS, finish);
    socket.on('data', (text: string) => {
      said += text;
      if (said.length > ANSWER_LIMIT) finish();
    });
    socket.on('end', finish);
    socket.on('error', finish);
  });
}

function parseHolder(said: string): Partial<Holder> | undefined {
  try {
    const holder: unknown = JSON.parse(said);
    return typeof holder === 'object' && holder !== null ? holder : undefined;
  } catch {
    return undefined;
  }
}

/** Anybody may take the name first and say that he is somebody else: only a process that the kernel knows is named. */
function proveHolder(said: Partial<Holder> | undefined, owner: SocketOwner | undefined): string {
  if (!owner) return 'a process that cannot be seen from here (another user, or another container)';
  const user = owner.uid === process.geteuid?.() ? '' : ` of user ${owner.uid}`;
  if (!said || said.pid !== owner.pid) return `process ${owner.pid}${user}, which does not show that it is a Salvor,`;
  return `${String(said.principal)} (process ${owner.pid}${user} on ${String(said.host)})`;
}

function describeHeld(directory: string, holder = 'another Salvor'): RecoveryError {
  const message = `${holder} holds the lock of ${directory}`;
  return new RecoveryError('LEASE_HELD', message, { details: { directory, holder } });
}

function holdFile(key: string, directory: string): HeldDirectory {
  const lock = tryLock(join(tmpdir(), `salvor-${key}.lock`));
  if (!lock) throw describeHeld(directory);
  return { release: async () => lock.release() };
}
