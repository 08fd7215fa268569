/** What `salvor doctor` says of a state directory, besides its store. */
import { accessSync, constants, existsSync, lstatSync, readdirSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { HINTS } from '../core/errors.ts';
import { isFull } from '../platform/out-of-space.ts';
import { storePath } from '../store/state-directory.ts';

/** One thing that was looked at. `advice` is what to do when it does not work. */
export type Check = {
  readonly name: string;
  readonly state: 'ok' | 'warning' | 'broken';
  readonly found: string;
  readonly advice?: string;
};

const NAME = 'state';
/** How many open files are named, and how many jobs are looked at for them. */
const NAMED_FILES = 5;
const LOOKED_AT_JOBS = 1_000;

/** Whether a state directory is there and can be used, or can be made; and whether others can look into it. */
export function checkStateDirectory(directory: string): readonly Check[] {
  try {
    const stats = statSync(directory, { throwIfNoEntry: false });
    if (!stats) return [checkCanBeMade(directory)];
    if (!stats.isDirectory()) return [describeBroken(directory, 'it is not a directory')];
    accessSync(directory, constants.R_OK | constants.W_OK | constants.X_OK);
    const open = findOpen(directory, stats);
    if (isFull(directory)) {
      const found = `${directory}: no room is left, so nothing can be recorded`;
      return [{ name: NAME, state: 'broken', found, advice: HINTS.STATE_FULL }, ...open];
    }
    return open.length > 0 ? open : [{ name: NAME, state: 'ok', found: directory }];
  } catch (error) {
    return [describeBroken(directory, error instanceof Error ? error.message : String(error))];
  }
}

function checkCanBeMade(directory: string): Check {
  let above = dirname(directory);
  while (!existsSync(above) && above !== dirname(above)) above = dirname(above);
  try {
    if (!statSync(above).isDirectory())
      return describeBroken(directory, `it cannot be made: ${above} is not a directory`);
    accessSync(above, constants.W_OK | constants.X_OK);
  } catch (error) {
    return describeBroken(directory, `it cannot be made: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { name: NAME, state: 'ok', found: `${directory} is not there yet; the first run makes it` };
}

function describeBroken(directory: string, reason: string): Check {
  const advice = 'Check its permissions, or name another one with --state.';
  return { name: NAME, state: 'broken', found: `${directory}: ${reason}`, advice };
}

/** What others than the user may read or change: rows, receipts and what commands printed are in there. */
function findOpen(directory: string, stats: Stats): readonly Check[] {
  const store = storePath(directory);
  const own = [directory, store, `${store}-wal`, `${store}-shm`, join(directory, 'jobs')];
  // Who cannot enter the directory cannot reach what is in it.
  const inside = (stats.mode & 0o077) === 0 ? [] : listJobFiles(join(directory, 'jobs'));
  return [...own, ...inside].flatMap(describeOpen).slice(0, NAMED_FILES);
}

function listJobFiles(jobs: string): readonly string[] {
  if (!existsSync(jobs)) return [];
  return readdirSync(jobs)
    .slice(0, LOOKED_AT_JOBS)
    .flatMap((id) => {
      const home = join(jobs, id);
      return [home, ...readdirSync(home, { recursive: true, encoding: 'utf8' }).map((name) => join(home, name))];
    });
}

function describeOpen(path: string): readonly Check[] {
  const link = lstatSync(path, { throwIfNoEntry: false });
  // A link in the place of a file is named where what it stands for is looked at; the directory itself may be one.
  if (!link || (link.isSymbolicLink() && !existsSync(path))) return [];
  const stats = link.isSymbolicLink() ? statSync(path) : link;
  const user = process.geteuid?.();
  const mode = (stats.mode & 0o777).toString(8);
  const right = stats.isDirectory() ? '700' : '600';
  const problems = [
    ...((stats.mode & 0o077) === 0 ? [] : [[`has mode ${mode}`, `chmod ${right}`]]),
    ...(user === undefined || stats.uid === user ? [] : [[`belongs to user ${stats.uid}, not ${user}`, 'chown']]),
  ];
  return problems.map(([found, command]) => ({
    name: NAME,
    state: 'warning' as const,
    found: `${path} ${found}`,
    advice: `Others may read or change what jobs hold: ${command} it.`,
  }));
}
