import type { FamilyWords } from '../family-words.ts';
import { formatControlLine } from './answer-line.ts';
import { CONTROL_MAY_BE_ABSENT } from './may-be-absent.ts';
import { describePlace, describeRestore, describeRestored, describeTorn } from './prompt.ts';
import { sayOfControl } from './report-words.ts';
import {
  CONTROL_FILES,
  CONTROL_FINDING_WORDS,
  CONTROL_QUESTIONS,
  CONTROL_STEP_WORDS,
  CONTROL_WARNING_WORDS,
} from './words.ts';

/** How trainings under someone else's control are presented. */
export const TRAINING_CONTROL_WORDS: FamilyWords = {
  family: 'training-control',
  findings: CONTROL_FINDING_WORDS,
  steps: CONTROL_STEP_WORDS,
  warnings: CONTROL_WARNING_WORDS,
  questions: CONTROL_QUESTIONS,
  report: sayOfControl,
  files: CONTROL_FILES,
  mayBeAbsent: CONTROL_MAY_BE_ABSENT,
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
