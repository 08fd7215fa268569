/** What the families add to findings, steps and warnings: one line a family. */
import type { ControlVocabulary } from './training-control/schema.ts';
import type { UnitsVocabulary } from './units/schema.ts';

/** The words of every family. */
export type FamilyVocabulary = UnitsVocabulary | ControlVocabulary;
