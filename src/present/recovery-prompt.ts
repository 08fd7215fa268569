import type { Diagnosis } from '../core/diagnosis/schema.ts';
import type { Looked } from '../core/session/schema.ts';
import { type OfferedChoice, offerChoices } from './choices.ts';
import { wordsOf } from './families/registry.ts';
import { safeText } from './safe-text.ts';

/** What a line of the prompt is about, for faces that show it by more than its words. */
export type PromptLine = {
  readonly about: 'headline' | 'progress' | 'error' | 'next' | 'in_hand' | 'attention' | 'options' | 'refusals';
  readonly text: string;
};

/** Lines that belong together; between blocks is a blank line. */
type PromptBlock = readonly PromptLine[];

const OPTION_WIDTH = '[restart]'.length;

/**
 * The recovery prompt of a job, to the letter of the contract: where it stopped, the last unit done, what is left,
 * the last error, what needs attention, and the options. What cannot be taken now is no option: it has its reason.
 *
 * Shapes: lines joined by newlines, none at the end; every foreign text is safe.
 * Source: contract, the recovery prompt; seed 002.
 */
export function formatRecoveryPrompt(looked: Looked): string {
  return [...assemblePromptFacts(looked), ...describeOptions(looked)]
    .map((block) => block.map(({ text }) => text).join('\n'))
    .join('\n\n');
}

/** The prompt without its options, for a face that has a menu of them. Errors: none; no block is empty. */
export function assemblePromptFacts(looked: Looked): readonly PromptBlock[] {
  const { evidence } = looked;
  const { prompt } = wordsOf(evidence.job);
  return keepBlocks([
    say('headline', [describeHeadline(looked)]),
    say('progress', prompt.progress(evidence)),
    describeLastError(looked),
    [...say('in_hand', prompt.inHand?.(looked) ?? []), ...say('attention', prompt.attention(looked))],
  ]);
}

function say(about: PromptLine['about'], texts: readonly string[]): PromptBlock {
  return texts.map((text) => ({ about, text }));
}

function keepBlocks(blocks: readonly PromptBlock[]): readonly PromptBlock[] {
  return blocks.filter((block) => block.length > 0);
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

function describeLastError({ evidence, diagnosis, proposals }: Looked): PromptBlock {
  const { lastError } = evidence.recorded;
  if (!lastError) return [];
  const error = say('error', [`Last error: ${safeText(lastError.code, 60)}: ${safeText(lastError.message, 300)}`]);
  const canRetry = proposals.resume?.type === 'plan';
  return canRetry ? [...error, ...say('next', wordsOf(evidence.job).prompt.next({ evidence, diagnosis }))] : error;
}

function describeOptions(looked: Looked): readonly PromptBlock[] {
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
  return keepBlocks([
    say('options', offered.length > 0 ? ['Options:', ...offered] : []),
    say('refusals', refused.length > 0 ? ['Not now:', ...refused] : []),
  ]);
}
