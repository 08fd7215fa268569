import { countWaiting, isInHand } from '../../../core/diagnosis/attention.ts';
import type { Diagnosis } from '../../../core/diagnosis/schema.ts';
import type { UnitsEvidence } from '../../../core/evidence/schema.ts';
import { countUnits } from '../../../core/job/schema.ts';
import { formatCount } from '../../format.ts';
import { safeText } from '../../safe-text.ts';
import { describeOpen } from '../describe-open.ts';
import type { FamilyWords } from '../family-words.ts';
import { isReopened } from './is-reopened.ts';
import { sayOfStop } from './report-words.ts';
import { UNITS_FINDING_WORDS, UNITS_QUESTIONS, UNITS_STEP_WORDS, UNITS_WARNING_WORDS } from './words.ts';

/** How jobs of rows or steps are presented. Source: contract, the recovery prompt; seed 002. */
export const UNITS_WORDS: FamilyWords = {
  family: 'units',
  findings: UNITS_FINDING_WORDS,
  steps: UNITS_STEP_WORDS,
  warnings: UNITS_WARNING_WORDS,
  questions: UNITS_QUESTIONS,
  report: sayOfStop,
  prompt: {
    standing: ({ evidence, diagnosis }) =>
      isReopened(evidence, diagnosis) ? 'interrupted: settled as not done, and not run again yet' : undefined,
    headline({ evidence, diagnosis }) {
      const { units } = evidence;
      if (!units || !isReopened(evidence, diagnosis)) return undefined;
      return `has ${formatCount(units.counts.pending, units.unit)} to run again,${formatDone(units)}`;
    },
    open: ({ units }) => (units ? describeOpen(units.counts, units.unit) : ''),
    place: ({ evidence: { units }, diagnosis }) => (units ? describePlace(units, diagnosis) : ''),
    progress: ({ units }) =>
      units
        ? [
            ...describeLastDone(units),
            `Remaining: ${formatCount(countRemaining(units), units.unit)}${describeSkipped(units)}`,
          ]
        : [],
    next: ({ evidence, diagnosis }) =>
      evidence.units ? describeNext(evidence.units, isReopened(evidence, diagnosis)) : [],
    inHand: ({ evidence: { units }, diagnosis }) => (units ? describeInHand(units, diagnosis) : []),
    attention: ({ evidence: { units }, diagnosis }) => (units ? describeAttention(units, diagnosis) : []),
  },
};

/**
 * Where a job stands. A row is named by its own number: the last one done when all before it are done, or the one that
 * halted the run; else how many are done is all that can be said.
 */
function describePlace({ counts, unit, lastDone, lastFailing }: UnitsEvidence, { verdict }: Diagnosis): string {
  const total = countUnits(counts);
  const { done, failed, pending } = counts;
  const howMany = formatDone({ counts, unit });
  if (verdict === 'failed') {
    const isHalted =
      failed === 1 && lastFailing?.status === 'failed' && (pending > 0 || lastFailing.number === done + 1);
    return isHalted ? ` at ${unit} ${lastFailing.number}/${total}` : ` with${howMany}`;
  }
  const isEndedOpen = verdict === 'finished' && describeOpen(counts, unit) !== '';
  const isInOrder = done === 0 || done === total || lastDone?.number === done;
  if (isEndedOpen) return howMany;
  return isInOrder ? ` at ${unit} ${done}/${total}` : ` with${howMany}`;
}

function formatDone({ counts, unit }: Pick<UnitsEvidence, 'counts' | 'unit'>): string {
  return ` ${counts.done} of ${formatCount(countUnits(counts), unit)} done`;
}

/** Skipped units are neither done nor left; without them the numbers would not add up. */
function describeSkipped({ counts }: UnitsEvidence): string {
  return counts.skipped === 0 ? '' : `, ${counts.skipped} skipped`;
}

function describeLastDone({ lastDone, receiptLabel, unit }: UnitsEvidence): readonly string[] {
  if (!lastDone) return [];
  const { number, receipt } = lastDone;
  const proof = receipt === undefined ? '' : ` (${safeText(receiptLabel ?? 'receipt', 40)}: ${safeText(receipt, 120)})`;
  return [`Last completed: ${unit === 'row' ? 'Row' : 'Step'} ${number}${proof}`];
}

function countRemaining({ counts }: UnitsEvidence): number {
  return countUnits(counts) - counts.done - counts.skipped;
}

/** What resume does with the unit of the last error; one under review it leaves alone, whatever its error was. */
function describeNext({ lastFailing, canVerify, unit }: UnitsEvidence, isPutBack: boolean): readonly string[] {
  if (!lastFailing || lastFailing.status === 'needs_review') return [];
  if (isPutBack && lastFailing.status === 'pending') {
    return [`Resume will run ${unit} ${lastFailing.number} again.`];
  }
  if (lastFailing.status !== 'in_doubt') return [`Resume will retry from the failed ${unit}.`];
  const isAsked = canVerify && lastFailing.receipt === undefined;
  return isAsked ? [`Resume will ask the verify hook about the ${unit} in doubt.`] : [];
}

const UNITS_TITLE = { row: 'Rows', step: 'Steps' } as const;

function describeInHand({ counts, unit }: UnitsEvidence, { verdict }: Diagnosis): readonly string[] {
  const begun = counts.in_doubt;
  return begun > 0 && isInHand(verdict) ? [`${UNITS_TITLE[unit]} in hand of the runner: ${begun}`] : [];
}

function describeAttention({ counts, unit }: UnitsEvidence, { verdict }: Diagnosis): readonly string[] {
  if (countWaiting({ verdict, counts }) === 0) return [];
  const doubtful = isInHand(verdict) ? 0 : counts.in_doubt;
  return [`${UNITS_TITLE[unit]} requiring attention: ${doubtful} in-flight, ${counts.needs_review} needs review`];
}
