/** How kilns are presented. */
import type {
  FamilyWords,
  FindingWords,
  StepWords,
  WarningWords,
} from '../../../../src/present/families/family-words.ts';
import type { KilnVocabulary } from './schema.ts';

const FINDINGS: FindingWords<KilnVocabulary['finding']['type']> = {
  kiln_cold: ({ temperature }) => `the kiln went cold: ${temperature} degrees`,
};
const STEPS: StepWords<KilnVocabulary['step']['action']> = { heat: ({ to }) => `heat it to ${to} degrees` };
const WARNINGS: WarningWords<KilnVocabulary['warning']> = { KILN_EMPTY: () => 'Nothing is in the kiln.' };

export const KILN_WORDS: FamilyWords = {
  family: 'kiln',
  findings: FINDINGS,
  steps: STEPS,
  warnings: WARNINGS,
  questions: {
    heat: ({ question }) => ({
      prompt: 'How hot?',
      facts: [],
      options: question.options.map((option) => ({ ...option, label: `${option.value} degrees` })),
    }),
  },
  prompt: {
    open: () => '',
    place: () => ' while it was heated',
    progress: () => ['Last completed: nothing'],
    next: () => [],
    attention: () => [],
  },
  report: ({ plan }) =>
    plan.steps.some(({ action }) => action === 'heat')
      ? { outcome: 'is hot again', next: 'put something into it.' }
      : undefined,
};
