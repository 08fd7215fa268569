import type { Diagnosis } from '../core/diagnosis/schema.ts';
import type { Looked } from '../core/session/schema.ts';
import { type OfferedChoice, offerChoices } from './choices.ts';
import { wordsOf } from './families/registry.ts';
import { safeText } from './safe-text.ts';

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

function describeFacts(looked: Looked): readonly (readonly string[])[] {
  const { evidence } = looked;
  const { prompt } = wordsOf(evidence.job);
  return [[describeHeadline(looked)], prompt.progress(evidence), describeLastError(looked), prompt.attention(looked)];
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

function describeHeadline({ evidence, diagnosis }: Looked): string {
  const { prompt } = wordsOf(evidence.job);
  const said = prompt.headline?.({ evidence, diagnosis });
  if (said !== undefined) return `Job '${safeText(evidence.job.name, 200)}' ${said}.`;
  const open = diagnosis.verdict === 'finished' ? prompt.open(evidence) : '';
  const happened = open === '' ? HAPPENED[diagnosis.verdict] : `ended with ${open},`;
  return `Job '${safeText(evidence.job.name, 200)}' ${happened}${prompt.place({ evidence, diagnosis })}.`;
}

function describeLastError({ evidence, diagnosis, proposals }: Looked): readonly string[] {
  const { lastError } = evidence.recorded;
  if (!lastError) return [];
  const line = `Last error: ${safeText(lastError.code, 60)}: ${safeText(lastError.message, 300)}`;
  const canRetry = proposals.resume?.type === 'plan';
  return canRetry ? [line, ...wordsOf(evidence.job).prompt.next({ evidence, diagnosis })] : [line];
}

function describeOptions(looked: Looked): readonly (readonly string[])[] {
  const line = ({ choice }: OfferedChoice, text: string) => `  ${`[${choice}]`.padEnd(OPTION_WIDTH)} - ${text}`;
  const offered: string[] = [];
  const refused: string[] = [];
  const choices = offerChoices(looked).filter(({ isUntold }) => !isUntold);
  const refusedCount = choices.filter(({ proposal }) => proposal.type === 'refused').length;
  for (const one of choices) {
    const { choice, label, proposal } = one;
    if (proposal.type !== 'refused') offered.push(line(one, label));
    // Where nothing else is refused the prompt is that of the contract, which has no word for a review of nothing.
    else if (choice !== 'review' || refusedCount > 1) refused.push(line(one, safeText(proposal.refusal.message, 300)));
  }
  return [offered.length > 0 ? ['Options:', ...offered] : [], refused.length > 0 ? ['Not now:', ...refused] : []];
}
