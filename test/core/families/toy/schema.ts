/** What kilns add to the words of the flow. */

/** What evidence of a kiln has of its own. */
export type KilnFacts = { readonly temperature: number };

/** What this family adds to findings, steps and warnings. */
export type KilnVocabulary = {
  readonly finding: { readonly type: 'kiln_cold'; readonly temperature: number };
  readonly step: { readonly by: 'source'; readonly action: 'heat'; readonly to: string };
  readonly warning: 'KILN_EMPTY';
};

declare module '../../../../src/core/families/vocabulary.ts' {
  // biome-ignore lint/style/useConsistentTypeDefinitions: a line is added to what is there.
  interface FamilyVocabularies {
    readonly kiln: KilnVocabulary;
  }
}
