import type { Kind } from '../../../../src/runner/kinds/kind.ts';
import { asText } from '../../../../src/runner/kinds/spec-fields.ts';

/** Jobs of steps that stand in a list, each a command; when one fails, what is named for that is done, and no more. */
export const TOY: Kind = {
  name: 'toy',
  unit: 'step',
  readFacts: ({ directory }) => ({
    canVerify: false,
    ...(asText(directory) !== undefined && { directory: asText(directory) ?? '' }),
  }),
  formatPath: ({ key }) => key,
  load: async () => (await import('./work.ts')).TOY_WORK,
};
