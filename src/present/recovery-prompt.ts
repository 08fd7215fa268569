import type { Diagnosis } from '../core/diagnosis/schema.ts';
import type { Evidence, UnitsEvidence } from '../core/evidence/schema.ts';
import { CHOICES, countUnits } from '../core/job/schema.ts';
import { CONTROL_OPTIONS, describeControlCheckpoint, describeControlPlace } from './control-prompt.ts';
import { formatCount } from './format.ts';
import { safeText } from './safe-text.ts';
import { describeChoice } from './words.ts';

const OPTION_WIDTH = '[restart]'.length;

/**
 * The recovery prompt of a job, to the letter of the contract: where it stopped, the last unit done, what is left,
 * the last error, what needs attention, and the options.
 *
 * Shapes: lines joined by newlines, none at the end; every foreign text is safe.
 * Source: contract, the recovery prompt; seed 002.
 */
export function formatRecoveryPrompt(evidence: Evidence, diagnosis: Diagnosis): string {
  const { units, control } = evidence;
  const blocks = [
    [describeHeadline(evidence, diagnosis)],
    units ? [...describeLastDone(units), `Remaining: ${formatCount(countRemaining(units), units.unit)}`] : [],
    control ? describeControlCheckpoint(evidence, control) : [],
    describeLastError(evidence, diagnosis),
    units ? describeAttention(units) : [],
    describeOptions(evidence),
  ];
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
}

const HAPPENED = {
  alive: 'is running',
  stalled: 'is running but does not move,',
  interrupted: 'was interrupted',
  paused: 'is paused',
  failed: 'failed',
  finished: 'is finished',
  cancelled: 'was cancelled',
  inconsistent: 'has contradicting records',
  unknown: 'may or may not be running',
} as const satisfies Record<Diagnosis['verdict'], string>;

function describeHeadline(evidence: Evidence, { verdict }: Diagnosis): string {
  const { job, units, control } = evidence;
  const place = units
    ? ` at ${units.unit} ${units.counts.done}/${countUnits(units.counts)}`
    : control
      ? describeControlPlace(evidence, control)
      : '';
  return `Job '${safeText(job.name, 200)}' ${HAPPENED[verdict]}${place}.`;
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

function describeLastError({ recorded: { lastError }, units }: Evidence, { verdict }: Diagnosis): readonly string[] {
  if (!lastError) return [];
  const line = `Last error: ${safeText(lastError.code, 60)}: ${safeText(lastError.message, 300)}`;
  const canRetry = verdict === 'interrupted' || verdict === 'failed';
  // A unit under review is left alone by resume, whatever its error was.
  const isRetried = units?.lastFailing !== undefined && units.lastFailing.status !== 'needs_review';
  return units && canRetry && isRetried ? [line, `Resume will retry from the failed ${units.unit}.`] : [line];
}

function describeAttention({ counts, unit }: UnitsEvidence): readonly string[] {
  if (counts.in_doubt + counts.needs_review === 0) return [];
  const word = unit === 'row' ? 'Rows' : 'Steps';
  return [`${word} requiring attention: ${counts.in_doubt} in-flight, ${counts.needs_review} needs review`];
}

function describeOptions({ units, control }: Evidence): readonly string[] {
  const open = units ? units.counts.in_doubt + units.counts.needs_review : 0;
  const offered = control ? CONTROL_OPTIONS : CHOICES.filter((choice) => choice !== 'review' || open > 0);
  return [
    'Options:',
    ...offered.map((choice) => `  ${`[${choice}]`.padEnd(OPTION_WIDTH)} - ${describeChoice(choice)}`),
  ];
}
