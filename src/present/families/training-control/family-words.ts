import type { FamilyWords } from '../family-words.ts';
import { formatControlLine } from './answer-line.ts';
import { describePlace, describeRestore, describeRestored, describeTorn } from './prompt.ts';
import { sayOfControl } from './report-words.ts';
import { CONTROL_FILES, CONTROL_QUESTIONS } from './words.ts';

/** How trainings under someone else's control are presented. */
export const TRAINING_CONTROL_WORDS: FamilyWords = {
  family: 'training-control',
  questions: CONTROL_QUESTIONS,
  report: sayOfControl,
  files: CONTROL_FILES,
  replayEnd: describeTorn,
  restore: describeRestore,
  answerLine: formatControlLine,
  prompt: {
    open: () => '',
    place: ({ evidence }) => describePlace(evidence),
    progress: describeRestored,
    next: () => [],
    attention: () => [],
  },
};
