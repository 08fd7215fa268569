/** Numbers, times and durations as people read them. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** A count with its word, plural when it is not one: `1 row`, `2 rows`. */
export function formatCount(count: number, unit: string): string {
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}

/** A duration in its two largest parts: `850ms`, `12s`, `3m 20s`, `2h 5m`, `4d 3h`. */
export function formatDuration(durationMs: number): string {
  const ms = Math.max(0, Math.round(durationMs));
  if (ms < SECOND_MS) return `${ms}ms`;
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)}s`;
  if (ms < HOUR_MS) return joinParts(ms, [MINUTE_MS, 'm'], [SECOND_MS, 's']);
  if (ms < DAY_MS) return joinParts(ms, [HOUR_MS, 'h'], [MINUTE_MS, 'm']);
  return joinParts(ms, [DAY_MS, 'd'], [HOUR_MS, 'h']);
}

type Part = readonly [sizeMs: number, letter: string];

function joinParts(ms: number, [largeMs, large]: Part, [smallMs, small]: Part): string {
  const rest = Math.floor((ms % largeMs) / smallMs);
  return `${Math.floor(ms / largeMs)}${large}${rest > 0 ? ` ${rest}${small}` : ''}`;
}

/** How long ago something was: `3m 20s ago`; what lies in the future is said as such. */
export function formatAge(ageMs: number): string {
  return ageMs < 0 ? `in ${formatDuration(-ageMs)}` : `${formatDuration(ageMs)} ago`;
}

/** An instant (epoch milliseconds) in UTC to the second: `2026-03-01 10:01:30Z`. */
export function formatTime(atMs: number): string {
  return `${formatIso(atMs).slice(0, 19).replace('T', ' ')}Z`;
}

/** An instant (epoch milliseconds) as ISO-8601 UTC with milliseconds. */
export function formatIso(atMs: number): string {
  return new Date(atMs).toISOString();
}

/** A share as a whole percentage, rounded down so that 100% means all of it. */
export function formatPercent(done: number, total: number): string {
  return total === 0 ? '0%' : `${Math.floor((done / total) * 100)}%`;
}

/** A size in bytes with a binary unit. */
export function formatBytes(sizeBytes: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  const power = Math.min(units.length - 1, sizeBytes < 1 ? 0 : Math.floor(Math.log2(sizeBytes) / 10));
  const value = sizeBytes / 1024 ** power;
  return `${power === 0 ? value : value.toFixed(1)} ${units[power]}`;
}
