const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** The longest duration a job file may ask for; timers of the platform hold no more. */
export const LONGEST_DURATION_MS = 24 * 24 * 3_600_000;

/**
 * Reads a duration such as `500ms`, `2s`, `1m`, `1h` or `1.5s`.
 *
 * Units:  milliseconds, whole.
 * Errors: none; undefined when it is no duration or is longer than 24 days.
 * Source: contract, job files.
 */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h)$/.exec(text);
  const unitMs = UNIT_MS[match?.[2] ?? ''];
  if (!match || unitMs === undefined) return undefined;
  const durationMs = Math.round(Number(match[1]) * unitMs);
  return durationMs <= LONGEST_DURATION_MS ? durationMs : undefined;
}
