import { readdirSync, readlinkSync } from 'node:fs';
import { findProcesses } from './process-probe.ts';

/** Name of the variable by which the processes of a run are found. */
export const RUN_TOKEN_VARIABLE = 'SALVOR_RUN_TOKEN';
/** Name of the variable that says which unit a process works on. */
export const UNIT_NUMBER_VARIABLE = 'SALVOR_UNIT_NUMBER';

/** A process that a run started, or that one of those did. `command` is its command line, hostile text. */
export type RunProcess = {
  readonly pid: number;
  readonly parentPid: number;
  readonly pidStartTicks: number;
  readonly command: string;
  readonly unitNumber?: number;
};

const MARK_PREFIX = 'salvor-unit.';

/** Name of the file that the commands of a unit hold open; without a number, those of the run's worker. */
export function formatMarkName(runToken: string, unitNumber: number | undefined): string {
  return `${MARK_PREFIX}${runToken}.${unitNumber ?? 'worker'}`;
}

/**
 * Finds the processes of the runs with these tokens: by the token in their environment, else by the marked descriptor
 * that they inherited.
 *
 * Errors: none; processes of other users cannot be seen, and none without /proc.
 * Source: design, rule 2 (orphans); decisions/0021.
 */
export function findRunProcesses(runTokens: readonly string[]): readonly RunProcess[] {
  const tokens = runTokens.filter((token) => token !== '');
  if (tokens.length === 0) return [];
  const entries = new Set(tokens.map((token) => `${RUN_TOKEN_VARIABLE}=${token}`));
  return findProcesses((pid, environment) => {
    if (environment.some((entry) => entries.has(entry))) return { unit: readUnit(environment) };
    const mark = findMark(pid, tokens);
    return mark === undefined ? undefined : { unit: mark };
  }).map(({ found: { unit }, ...process }) => {
    const unitNumber = Number(unit);
    return { ...process, ...(Number.isInteger(unitNumber) && unitNumber > 0 && { unitNumber }) };
  });
}

function readUnit(environment: readonly string[]): string {
  const prefix = `${UNIT_NUMBER_VARIABLE}=`;
  return environment.find((entry) => entry.startsWith(prefix))?.slice(prefix.length) ?? '';
}

/** What the name of a marked descriptor says after the token. The file is gone, which its link says as well. */
function findMark(pid: number, tokens: readonly string[]): string | undefined {
  for (const descriptor of listDescriptors(pid)) {
    const link = readLink(`/proc/${pid}/fd/${descriptor}`);
    const at = link?.lastIndexOf(`/${MARK_PREFIX}`) ?? -1;
    if (!link || at === -1) continue;
    const name = link.slice(at + 1 + MARK_PREFIX.length);
    const token = tokens.find((known) => name.startsWith(`${known}.`));
    if (token !== undefined) return name.slice(token.length + 1).split(' ')[0];
  }
  return undefined;
}

function listDescriptors(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`);
  } catch {
    return [];
  }
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}
