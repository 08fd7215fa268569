import { countWaiting, isInHand } from '../core/diagnosis/guardrails.ts';
import type { Diagnosis } from '../core/diagnosis/schema.ts';
import type { Evidence, UnitsEvidence } from '../core/evidence/schema.ts';
import { CHOICES, type Choice, countUnits } from '../core/job/schema.ts';
import type { Looked } from '../core/session/schema.ts';
import { CONTROL_OPTIONS, describeControlCheckpoint, describeControlPlace } from './control-prompt.ts';
import { formatCount } from './format.ts';
import { safeText } from './safe-text.ts';
import { describeChoice, describeOpen, isReopened } from './words.ts';

const OPTION_WIDTH = '[restart]'.length;

/**
 * The recovery prompt of a job, to the letter of the contract: where it stopped, the last unit done, what is left,
 * the last error, what needs attention, and the options. What cannot be taken now is no option: it has its reason.
 *
 * Shapes: lines joined by newlines, none at the end; every foreign text is safe.
 * Source: contract, the recovery prompt; seed 002.
 */
export function formatRecoveryPrompt(looked: Looked): string {
  return joinBlocks([...describeFacts(looked), ...describeOptions(looked)]);
}

/** The prompt without its options, for a face that has a menu of them. */
export function formatPromptFacts(looked: Looked): string {
  return joinBlocks(describeFacts(looked));
}

function joinBlocks(blocks: readonly (readonly string[])[]): string {
  return blocks
    .filter((block) => block.length > 0)
    .map((block) => block.join('\n'))
    .join('\n\n');
}

function describeFacts({ evidence, diagnosis, proposals }: Looked): readonly (readonly string[])[] {
  const { units, control } = evidence;
  return [
    [describeHeadline(evidence, diagnosis)],
    units
      ? [
          ...describeLastDone(units),
          `Remaining: ${formatCount(countRemaining(units), units.unit)}${describeSkipped(units)}`,
        ]
      : [],
    control ? describeControlCheckpoint(evidence, control) : [],
    describeLastError(evidence, { diagnosis, canRetry: proposals.resume.type === 'plan' }),
    units ? describeAttention(units, diagnosis) : [],
  ];
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

function describeHeadline(evidence: Evidence, diagnosis: Diagnosis): string {
  const { job, units, control } = evidence;
  const place = units ? describePlace(units, diagnosis) : control ? describeControlPlace(evidence, control) : '';
  if (units && isReopened(evidence, diagnosis)) {
    const again = formatCount(units.counts.pending, units.unit);
    return `Job '${safeText(job.name, 200)}' has ${again} to run again,${formatDone(units)}.`;
  }
  const open = diagnosis.verdict === 'finished' && units ? describeOpen(units.counts, units.unit) : '';
  const happened = open === '' ? HAPPENED[diagnosis.verdict] : `ended with ${open},`;
  return `Job '${safeText(job.name, 200)}' ${happened}${place}.`;
}

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

function describeLastError(
  evidence: Evidence,
  { diagnosis, canRetry }: { readonly diagnosis: Diagnosis; readonly canRetry: boolean },
): readonly string[] {
  const { recorded, units } = evidence;
  const { lastError } = recorded;
  if (!lastError) return [];
  const line = `Last error: ${safeText(lastError.code, 60)}: ${safeText(lastError.message, 300)}`;
  const next = canRetry && units ? describeNext(units, isReopened(evidence, diagnosis)) : undefined;
  return next === undefined ? [line] : [line, next];
}

/** What resume does with the unit of the last error; one under review it leaves alone, whatever its error was. */
function describeNext({ lastFailing, canVerify, unit }: UnitsEvidence, isPutBack: boolean): string | undefined {
  if (!lastFailing || lastFailing.status === 'needs_review') return undefined;
  if (isPutBack && lastFailing.status === 'pending') return `Resume will run ${unit} ${lastFailing.number} again.`;
  if (lastFailing.status !== 'in_doubt') return `Resume will retry from the failed ${unit}.`;
  const isAsked = canVerify && lastFailing.receipt === undefined;
  return isAsked ? `Resume will ask the verify hook about the ${unit} in doubt.` : undefined;
}

function describeAttention({ counts, unit }: UnitsEvidence, { verdict }: Diagnosis): readonly string[] {
  const { in_doubt: begun, needs_review: review } = counts;
  const word = unit === 'row' ? 'Rows' : 'Steps';
  const inHand = begun > 0 && isInHand(verdict) ? [`${word} in hand of the runner: ${begun}`] : [];
  if (countWaiting({ verdict, counts }) === 0) return inHand;
  const doubtful = isInHand(verdict) ? 0 : begun;
  return [...inHand, `${word} requiring attention: ${doubtful} in-flight, ${review} needs review`];
}

function describeOptions({ evidence, proposals }: Looked): readonly (readonly string[])[] {
  const isRefused = (choice: Choice) => proposals[choice].type === 'refused';
  const known = evidence.control ? CONTROL_OPTIONS : CHOICES;
  const line = (choice: Choice, text: string) => `  ${`[${choice}]`.padEnd(OPTION_WIDTH)} - ${text}`;
  const offered: string[] = [];
  const refused: string[] = [];
  // Where nothing else is refused the prompt is that of the contract, which has no word for a review of nothing.
  const told = known.filter(
    (choice) => choice !== 'review' || !isRefused(choice) || known.filter(isRefused).length > 1,
  );
  for (const choice of told) {
    const proposal = proposals[choice];
    if (proposal.type === 'refused') refused.push(line(choice, safeText(proposal.refusal.message, 300)));
    else offered.push(line(choice, describeChoice(choice)));
  }
  return [offered.length > 0 ? ['Options:', ...offered] : [], refused.length > 0 ? ['Not now:', ...refused] : []];
}
