import type { Pairs } from './interleave.ts';
import { type Summary, summarise } from './summarise.ts';

/** What a number must not go over, or must reach. Source: design, what it must reach. */
export type Goal = { readonly atMost: number } | { readonly atLeast: number };

/** One line of the answer. `value` is a ratio when there is something it is measured `against`. */
export type Result = {
  readonly name: string;
  readonly value: number;
  readonly unit: 'x' | 'ms' | 'MB' | 'bytes' | 'rows/s';
  readonly goal?: Goal;
  readonly ours?: Summary;
  readonly against?: { readonly name: string; readonly summary: Summary };
  readonly measuredIn?: 'ms' | 'rows/s';
};

/** A ratio of two medians. */
export function compare(
  name: string,
  pairs: Pairs,
  how: { readonly against: string; readonly goal?: Goal; readonly measuredIn: 'ms' | 'rows/s' },
): Result {
  const ours = summarise(pairs.ours);
  const summary = summarise(pairs.theirs);
  return {
    name,
    value: ours.median / summary.median,
    unit: 'x',
    ...(how.goal === undefined ? {} : { goal: how.goal }),
    ours,
    against: { name: how.against, summary },
    measuredIn: how.measuredIn,
  };
}

/** Whether a result is what it must be; one without a goal always is. */
export function isReached({ value, goal }: Result): boolean {
  if (!goal) return true;
  return 'atMost' in goal ? value <= goal.atMost : value >= goal.atLeast;
}

/** One line for people. */
export function formatResult(result: Result): string {
  const { name, value, unit, goal, ours, against, measuredIn = 'ms' } = result;
  const wanted = goal ? ('atMost' in goal ? `<= ${goal.atMost}` : `>= ${goal.atLeast}`) : '';
  const parts = [
    name.padEnd(34),
    `${formatNumber(value)} ${unit}`.padEnd(14),
    `${wanted} ${goal ? (isReached(result) ? 'ok' : 'MISSED') : ''}`.padEnd(16),
  ];
  if (ours) parts.push(`${formatSummary(ours)} ${measuredIn}`);
  if (against) parts.push(`against ${against.name}: ${formatSummary(against.summary)} ${measuredIn}`);
  if (ours) parts.push(`n=${ours.count}`);
  return parts.join('  ').trimEnd();
}

function formatSummary({ median, p10, p90 }: Summary): string {
  return `${formatNumber(median)} [${formatNumber(p10)}..${formatNumber(p90)}]`;
}

function formatNumber(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
