/** A PostgreSQL of our own: real processes, on this machine alone, with data in a directory that goes with it. */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SCRIPTS = path.join(import.meta.dirname, '../postgres');

/** A server that runs, and how it is stopped and started again. */
export type PostgresServer = Disposable & {
  /** Of a database that is empty at first. */
  readonly url: string;
  readonly port: number;
  readonly directory: string;
  /** `kill`: every process of the server dies by SIGKILL. */
  readonly stop: (how: 'fast' | 'kill') => void;
  readonly start: () => void;
};

/** Starts a server; `TLS` and `PASSWORD` are those of `postgres/start.sh`. */
export async function startPostgres(
  env: { readonly TLS?: 'on'; readonly PASSWORD?: string } = {},
): Promise<PostgresServer> {
  const base = mkdtempSync(path.join(tmpdir(), 'salvor-postgres-'));
  // The server runs as a user of its own, who must come through.
  chmodSync(base, 0o711);
  const directory = path.join(base, 'state');
  const port = await findFreePort();
  const start = () => runScript('start.sh', [directory, String(port)], env);
  const url = /DATABASE_URL=(\S+)/.exec(start())?.[1] ?? '';
  return {
    url,
    port,
    directory,
    start: () => void start(),
    stop: (how) => void runScript('stop.sh', [directory, how]),
    [Symbol.dispose]() {
      runScript('stop.sh', [directory, 'fast', '--remove']);
      rmSync(base, { recursive: true, force: true });
    },
  };
}

function runScript(name: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  const { status, stdout, stderr } = spawnSync('sh', [path.join(SCRIPTS, name), ...words], options);
  if (status !== 0) throw new Error(`${name} ended with ${status}: ${stderr}`);
  return stdout;
}

async function findFreePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
