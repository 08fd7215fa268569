import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync, statSync } from 'node:fs';
import type { JobFacts } from '../../core/diagnosis/job-facts.ts';
import { findMissingCommand } from '../../platform/find-missing-command.ts';
import type { SpecFacts } from '../../runner/kinds/kind.ts';
import { readSpecFacts } from '../../runner/kinds/registry.ts';
import type { ListedJob } from '../../store/list-contract.ts';

/** How many bytes of rows files one list digests at most; what is beyond is not checked. */
const DIGEST_BUDGET_BYTES = 32 * 1024 * 1024;
const READ_BYTES = 1024 * 1024;
/** The clock of a file system runs in ticks, a little behind the one that jobs are recorded by. */
const TICK_MS = 100;

type Prerequisites = JobFacts['prerequisites'];

/**
 * Makes a check of what jobs of one list need: their directory, their commands, and their rows file as it was
 * at some time.
 *
 * A rows file of a size that it never had was changed. One of the newest size that nothing touched since before it was read (its
 * ctime, which nobody sets at will) was not. Only what is left is digested, up to a budget for the whole list; what is
 * over it is `unchecked`. Digests are kept while the process lives, by the file's identity, size and times.
 *
 * Errors: none; what cannot be read is `unfit`.
 * Source: design, rules 1 and 5.
 */
export function makePrerequisiteCheck(): (job: ListedJob) => Prerequisites {
  const budget = { bytesLeft: DIGEST_BUDGET_BYTES };
  const directories = new Map<string, boolean>();
  const isDirectory = (path: string): boolean => {
    const known = directories.get(path) ?? statOf(path)?.isDirectory() === true;
    directories.set(path, known);
    return known;
  };
  const found = new Map<string, boolean>();
  const hasCommands = ({ commands }: SpecFacts): boolean => {
    if (!commands) return true;
    const { lines, place } = commands;
    const name = JSON.stringify(commands);
    const known = found.get(name) ?? lines.every((line) => findMissingCommand(line, place) === undefined);
    found.set(name, known);
    return known;
  };
  return (job) => {
    if (job.status === 'completed' || job.status === 'cancelled') return 'fit';
    const spec = readSpecFacts(job);
    const isFit = spec.directory === undefined || (isDirectory(spec.directory) && hasCommands(spec));
    return isFit ? checkRows(job, budget) : 'unfit';
  };
}

function checkRows({ rows, rowsFiles, createdAtMs }: ListedJob, budget: { bytesLeft: number }): Prerequisites {
  if (!rows) return 'fit';
  const stats = statOf(rows.path);
  if (stats?.isFile() !== true) return 'unfit';
  const size = Number(stats.size);
  if (size === rows.sizeBytes && Number(stats.ctimeMs) < createdAtMs - TICK_MS) return 'fit';
  const known = rowsFiles.filter(({ sizeBytes }) => sizeBytes === size);
  if (known.length === 0) return 'unfit';
  const identity = `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;
  if (!digests.has(identity)) {
    if (stats.size > BigInt(budget.bytesLeft)) return 'unchecked';
    budget.bytesLeft -= size;
    digests.set(identity, digestNow(rows.path));
  }
  const found = digests.get(identity);
  return known.some(({ sha256 }) => sha256 === found) ? 'fit' : 'unfit';
}

const digests = new Map<string, string | undefined>();

function statOf(path: string) {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** SHA-256 of a file in hex, or undefined when it cannot be read. */
function digestNow(path: string): string | undefined {
  try {
    const file = openSync(path, 'r');
    try {
      const sum = createHash('sha256');
      const buffer = Buffer.allocUnsafe(READ_BYTES);
      for (;;) {
        const count = readSync(file, buffer);
        if (count === 0) return sum.digest('hex');
        sum.update(buffer.subarray(0, count));
      }
    } finally {
      closeSync(file);
    }
  } catch {
    return undefined;
  }
}
