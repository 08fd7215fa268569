/** What one job of a list says, cell by cell; for the console and for scripts' tables alike. */
import { isInHand } from '../core/diagnosis/attention.ts';
import { type Attention, type JobSummary, RECEIPT_COUNT_LIMIT } from '../core/job/schema.ts';
import type { JobPage, JobQuery } from '../core/ports.ts';
import { formatCount, formatTime } from './format.ts';
import { safeText } from './safe-text.ts';

/** Cells of one job; every text is safe for a terminal and one line. Absent facts are a dash. */
export type JobCells = {
  readonly name: string;
  /** What a person must know of it, in a word. */
  readonly attention: string;
  /** The same with its glyph, which tells it apart without colour. */
  readonly state: string;
  readonly count: string;
  readonly proof: string;
  readonly next: string;
  readonly stopped: string;
  readonly error: string;
};

/** The longest foreign text of a cell. Unit: characters. */
const CELL_LIMIT = 200;

/**
 * Says what one job is, how far it got and what to do about it.
 *
 * Units: `stopped` is a UTC time to the second; an age would change while nothing happens.
 * Errors: none. Source: contract, `list --json`; seed 002 (progress and last error in the list).
 */
export function describeJobCells(summary: JobSummary): JobCells {
  const { job, progress, interruptedAtMs, lastError } = summary;
  return {
    name: safeText(job.name, CELL_LIMIT),
    attention: summary.attention,
    state: formatState(summary.attention),
    count: `${progress.done}/${progress.total}`,
    proof: describeProof(summary),
    next: summary.recommended ?? '-',
    stopped: interruptedAtMs === undefined ? '-' : formatTime(interruptedAtMs),
    error:
      lastError === undefined ? '-' : `${safeText(lastError.code, 60)}: ${safeText(lastError.message, CELL_LIMIT)}`,
  };
}

const GLYPHS: Readonly<Record<Attention, string>> = {
  inconsistent: '#',
  'in doubt': '?',
  failed: 'x',
  interrupted: '!',
  stalled: '=',
  unknown: '%',
  recovering: '>',
  running: '~',
  paused: '|',
  finished: '+',
  cancelled: '-',
};

/** A state as the console's list has it: its glyph and its word. Source: console, STATE. */
export function formatState(attention: Attention): string {
  return `${GLYPHS[attention]} ${attention}`;
}

/** What proves how far a job got: its checkpoint, or how many receipts it has. */
export function describeProof(summary: JobSummary): string {
  if (summary.checkpoint === 'none') return 'no checkpoint';
  if (summary.checkpoint !== undefined) return summary.checkpoint;
  if (summary.receiptCount === undefined) return '-';
  return summary.receiptCount >= RECEIPT_COUNT_LIMIT
    ? `${RECEIPT_COUNT_LIMIT}+ receipts`
    : formatCount(summary.receiptCount, 'receipt');
}

/** What of a job waits for a person, in words; empty when nothing does. */
export function describeAttention(summary: JobSummary): string {
  const { inDoubt, needsReview, failed } = summary.progress;
  // What a living runner has begun is in its hands, and nobody doubts it.
  const begun = isInHand(summary.verdict) ? 'in hand' : 'in doubt';
  const parts = [
    inDoubt > 0 ? `${inDoubt} ${begun}` : '',
    needsReview > 0 ? `${needsReview} to review` : '',
    failed > 0 ? `${failed} failed` : '',
  ];
  return parts.filter((part) => part !== '').join(', ');
}

/** How much of a job is done, 0 to 1; a job without units is 0. */
export function shareDone(progress: { readonly done: number; readonly total: number }): number {
  return progress.total <= 0 ? 0 : Math.max(0, Math.min(1, progress.done / progress.total));
}

/** How many jobs a list is of. In that of `attention` those that go on by themselves are counted apart. */
export function describeTotal({ total, goingOn = 0 }: Omit<JobPage, 'jobs'>, scope: JobQuery['scope']): string {
  if (scope === 'all') return `${formatCount(total, 'job')} in all`;
  const waiting = total - goingOn;
  const needs = `${formatCount(waiting, 'job')} ${waiting === 1 ? 'needs' : 'need'} attention`;
  return goingOn > 0 ? `${needs}, ${goingOn} running` : needs;
}
