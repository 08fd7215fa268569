// biome-ignore-all lint/style/useConsistentTypeDefinitions: a family that is built elsewhere adds its line from there.
/** What the families add to findings, steps and warnings: one line a family. */
import type { ControlVocabulary } from './training-control/schema.ts';
import type { UnitsVocabulary } from './units/schema.ts';

/** Every family's own, by its name. */
export interface FamilyVocabularies {
  readonly units: UnitsVocabulary;
  readonly 'training-control': ControlVocabulary;
}

/** The words of every family. */
export type FamilyVocabulary = FamilyVocabularies[keyof FamilyVocabularies];
