/** The contents that rows files had, as both engines answer them. Source: decisions/0026. */
import type { FileMark } from './records.ts';

type Row = Readonly<Record<string, unknown>>;

/** Contents of the jobs that once had a content, by its digest. */
export type KnownContents = Map<string, readonly FileMark[]>;

/** The contents of `own` rows (`sha256`) that are not known yet, each once. */
export function listUnknown(own: readonly Row[], known: KnownContents): readonly string[] {
  return [...new Set(own.map((row) => String(row.sha256)))].filter((sha256) => !known.has(sha256));
}

/** Takes up what was found of contents: rows of `asked`, `sha256` and `size_bytes`. */
export function addContents(known: KnownContents, asked: readonly string[], found: readonly Row[]): void {
  const grouped = Map.groupBy(found, (row) => String(row.asked));
  for (const sha256 of asked) {
    const marks = (grouped.get(sha256) ?? []).map((row) => ({
      sha256: String(row.sha256),
      sizeBytes: Number(row.size_bytes),
    }));
    known.set(sha256, marks.sort(compareMarks));
  }
}

/** The contents of each job: those of every job that had one of its own (`own`: `job_seq`, `sha256`), by digest. */
export function groupContents(own: readonly Row[], known: KnownContents): ReadonlyMap<number, readonly FileMark[]> {
  const grouped = Map.groupBy(own, (row) => Number(row.job_seq));
  return new Map([...grouped].map(([seq, rows]) => [seq, joinContents(rows, known)]));
}

function joinContents([only, ...others]: readonly Row[], known: KnownContents): readonly FileMark[] {
  const find = (row: Row | undefined) => known.get(String(row?.sha256)) ?? [];
  if (others.length === 0) return find(only);
  const all = new Map([only, ...others].flatMap(find).map((mark) => [mark.sha256, mark]));
  return [...all.values()].sort(compareMarks);
}

function compareMarks(one: FileMark, other: FileMark): number {
  if (one.sha256 === other.sha256) return one.sizeBytes - other.sizeBytes;
  return one.sha256 < other.sha256 ? -1 : 1;
}
