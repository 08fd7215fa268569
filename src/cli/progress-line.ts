import type { Progress } from '../core/job/schema.ts';
import { formatCount, formatDuration, formatPercent } from '../present/format.ts';
import { safeText } from '../present/safe-text.ts';

/** Shows how far a run is: a bar that is redrawn on a terminal, plain lines elsewhere. */
export type ProgressLine = {
  readonly update: (
    progress: Progress,
    lastUnit?: { readonly number: number; readonly key: string; readonly receipt?: string },
  ) => void;
  readonly close: () => void;
};

type LineOutput = {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
  on?(event: 'error', listener: () => void): unknown;
};

const REDRAW_MS = 100;
const PLAIN_EVERY_MS = 10_000;
const BAR_WIDTH = 24;

/**
 * Makes a progress line for a stream, which is standard error, so that answers stay clean.
 *
 * Source: contract (everything for people goes to standard error).
 */
export function makeProgressLine(stream: LineOutput, nowMs: () => number): ProgressLine {
  const bar = stream.isTTY === true;
  const startedAtMs = nowMs();
  // A terminal may be gone while the work goes on; then nobody is shown anything.
  stream.on?.('error', () => {});
  let shownAtMs = Number.NEGATIVE_INFINITY;
  let first: Progress | undefined;
  let latest: string | undefined;
  const show = (line: string) => {
    stream.write(bar ? `\r\x1b[2K${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`);
    shownAtMs = nowMs();
  };
  return {
    update(progress, lastUnit) {
      first ??= progress;
      const ratePerSecond = computeRate(first, progress, nowMs() - startedAtMs);
      latest = formatLine({ progress, ratePerSecond, lastUnit, bar });
      if (nowMs() - shownAtMs >= (bar ? REDRAW_MS : PLAIN_EVERY_MS)) {
        show(latest);
        latest = undefined;
      }
    },
    close() {
      if (latest !== undefined) show(latest);
      if (bar && first) stream.write('\n');
    },
  };
}

function computeRate(first: Progress, now: Progress, elapsedMs: number): number {
  return elapsedMs < 1 ? 0 : ((now.done - first.done) / elapsedMs) * 1_000;
}

type Shown = {
  readonly progress: Progress;
  readonly ratePerSecond: number;
  readonly lastUnit: { readonly number: number; readonly receipt?: string } | undefined;
  readonly bar: boolean;
};

function formatLine({ progress, ratePerSecond, lastUnit, bar }: Shown): string {
  const { done, total, failed, needsReview, unit } = progress;
  const left = total - done - failed - needsReview;
  const filled = total === 0 ? 0 : Math.floor((done / total) * BAR_WIDTH);
  const drawn = bar ? `[${'#'.repeat(filled)}${'-'.repeat(BAR_WIDTH - filled)}] ` : '';
  const parts = [
    `${drawn}${done}/${total} ${formatPercent(done, total)}`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(needsReview > 0 ? [`${needsReview} to review`] : []),
    ...(ratePerSecond > 0
      ? [`${ratePerSecond < 10 ? ratePerSecond.toFixed(1) : Math.round(ratePerSecond)} ${unit}s/s`]
      : []),
    ...(ratePerSecond > 0 && left > 0 ? [`${formatDuration((left / ratePerSecond) * 1_000)} left`] : []),
    ...(lastUnit
      ? [`${unit} ${lastUnit.number}${lastUnit.receipt === undefined ? '' : ` ${safeText(lastUnit.receipt, 40)}`}`]
      : []),
  ];
  return parts.join('  ') || formatCount(total, unit);
}
