/** What many measurements come to. `count` is how many there were. */
export type Summary = {
  readonly median: number;
  readonly p10: number;
  readonly p90: number;
  readonly p99: number;
  readonly count: number;
};

/**
 * Summarises measurements by their quantiles.
 *
 * Shapes: `values` in any order, at least one.
 * Errors: RangeError when there are none.
 */
export function summarise(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    median: pickQuantile(sorted, 0.5),
    p10: pickQuantile(sorted, 0.1),
    p90: pickQuantile(sorted, 0.9),
    p99: pickQuantile(sorted, 0.99),
    count: sorted.length,
  };
}

/** The value at a share of the way through, between two values in proportion. */
function pickQuantile(sorted: readonly number[], share: number): number {
  const at = (sorted.length - 1) * share;
  const low = sorted[Math.floor(at)];
  const high = sorted[Math.ceil(at)];
  if (low === undefined || high === undefined) throw new RangeError('nothing was measured');
  return low + (high - low) * (at - Math.floor(at));
}
