/** What the kernel says of processes. Linux; elsewhere everything is `unknown` and the lock alone decides. */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Identity of a process that survives pid reuse. `pidStartTicks` are clock ticks since boot; 0 when unknown. */
export type ProcessIdentity = {
  readonly host: string;
  readonly bootId: string;
  readonly pidNamespace: string;
  readonly pid: number;
  readonly pidStartTicks: number;
};

/** This process. Errors: none; what cannot be read is empty. */
export function readOwnIdentity(): ProcessIdentity {
  return {
    host: hostname(),
    bootId: readBootId() ?? '',
    pidNamespace: readPidNamespace() ?? '',
    pid: process.pid,
    pidStartTicks: readProcessStat(process.pid)?.startTicks ?? 0,
  };
}

/** The boot id of this host, or undefined where there is none to read. */
export function readBootId(): string | undefined {
  return readText('/proc/sys/kernel/random/boot_id')?.trim();
}

/** Which pid namespace this process counts pids in. */
export function readPidNamespace(): string | undefined {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return undefined;
  }
}

/** What the kernel says of a process. `startTicks` are clock ticks since boot. */
export type ProcessStat = {
  readonly startTicks: number;
  readonly state: string;
  readonly parentPid: number;
  readonly groupId: number;
  readonly sessionId: number;
};

/** Start time, state letter, parent, process group and session of a process, or undefined when there is none. Source: proc(5), stat. */
export function readProcessStat(pid: number): ProcessStat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The command in parentheses may hold anything, also spaces and parentheses: fields are counted from its end.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state = '?', parentPid, groupId, sessionId] = fields;
  return {
    state,
    parentPid: Number(parentPid),
    groupId: Number(groupId),
    sessionId: Number(sessionId),
    startTicks: Number(fields[19]),
  };
}

/** Compares a recorded identity with the process that has its pid now. Same host and boot are the caller's to check. */
export function probeProcess(recorded: Pick<ProcessIdentity, 'pid' | 'pidStartTicks' | 'pidNamespace'>): {
  readonly process: 'same' | 'other' | 'gone' | 'unknown';
  readonly state?: string;
  readonly canSignal?: boolean;
  readonly uid?: number;
} {
  const namespace = readPidNamespace();
  if (namespace === undefined || namespace !== recorded.pidNamespace) return { process: 'unknown' };
  const stat = readProcessStat(recorded.pid);
  if (!stat || stat.state === 'Z' || stat.state === 'X') return { process: 'gone' };
  if (stat.startTicks !== recorded.pidStartTicks) return { process: 'other' };
  const found = { process: 'same', state: stat.state } as const;
  if (maySignal(recorded.pid)) return { ...found, canSignal: true };
  const uid = readUserId(recorded.pid);
  return { ...found, canSignal: false, ...(uid !== undefined && { uid }) };
}

/** Whether a signal would be let through; none is sent. A process that is gone stands in nobody's way. Source: kill(2). */
function maySignal(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return !(error instanceof Error && 'code' in error && error.code === 'EPERM');
  }
}

/** The real user id of a process. Source: proc(5), status. */
function readUserId(pid: number): number | undefined {
  const found = /^Uid:\t(\d+)/m.exec(readText(`/proc/${pid}/status`) ?? '')?.[1];
  return found === undefined ? undefined : Number(found);
}

/** Pids that exist in this namespace, or undefined where /proc is not there. */
export function listPids(): readonly number[] | undefined {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number);
  } catch {
    return undefined;
  }
}

/** A process that was found. `command` is its command line, hostile text; `found` is what it was found by. */
export type FoundProcess<T> = {
  readonly pid: number;
  readonly parentPid: number;
  readonly pidStartTicks: number;
  readonly command: string;
  readonly found: T;
};

/**
 * Finds processes, this one left out, that `find` knows by their pid and the entries of their environment. An
 * environment that cannot be read, as another user's, is empty.
 *
 * Errors: none.
 */
export function findProcesses<T>(
  find: (pid: number, environment: readonly string[]) => T | undefined,
): readonly FoundProcess<T>[] {
  const all: FoundProcess<T>[] = [];
  for (const pid of listPids() ?? []) {
    if (pid === process.pid) continue;
    const found = find(pid, readText(`/proc/${pid}/environ`)?.split('\0') ?? []);
    const stat = found === undefined ? undefined : readProcessStat(pid);
    if (found === undefined || !stat || stat.state === 'Z') continue;
    const command = (readText(`/proc/${pid}/cmdline`) ?? '')
      .split('\0')
      .filter((word) => word !== '')
      .join(' ');
    all.push({ pid, parentPid: stat.parentPid, pidStartTicks: stat.startTicks, command, found });
  }
  return all;
}

/** A process found by its environment. */
export type EnvironmentProcess = Omit<FoundProcess<unknown>, 'found'> & {
  readonly environment: ReadonlyMap<string, string>;
};

/**
 * Finds processes whose environment holds one of these `NAME=value` entries, this process left out.
 * Processes of other users cannot be read and are not found.
 */
export function findProcessesByEnvironment(entries: ReadonlySet<string>): readonly EnvironmentProcess[] {
  return findProcesses((_pid, environment) =>
    environment.some((entry) => entries.has(entry)) ? environment : undefined,
  ).map(({ found, ...process }) => ({ ...process, environment: new Map(found.map((entry) => splitEntry(entry))) }));
}

function splitEntry(entry: string): readonly [string, string] {
  const at = entry.indexOf('=');
  return at < 0 ? [entry, ''] : [entry.slice(0, at), entry.slice(at + 1)];
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
