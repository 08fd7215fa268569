import type { Kind, SpecFacts } from '../kind.ts';
import { asFields, asText, asTexts, type SpecFields } from '../spec-fields.ts';

/** Jobs of rows: a command for each row of a file, or a worker for all of them. */
export const BATCH: Kind = {
  name: 'batch',
  unit: 'row',
  readFacts,
  formatPath: ({ number }) => `rows/${number}`,
  load: async () => (await import('./work.ts')).BATCH_WORK,
};

function readFacts(spec: SpecFields): SpecFacts {
  const receipt = asFields(spec['receipt']);
  const directory = asText(spec['directory']);
  const lines = [spec['command'], spec['worker'], spec['verify']].map(asText).filter((line) => line !== undefined);
  return {
    canVerify: asText(spec['verify']) !== undefined,
    ...(Array.isArray(spec['writeBack']) && spec['writeBack'].length > 0 && { writesBack: true }),
    ...(receipt && { receiptLabel: asText(receipt['label']) ?? 'receipt' }),
    ...(directory !== undefined && { directory }),
    ...(directory !== undefined &&
      lines.length > 0 && { commands: { lines, place: { directory, env: asTexts(spec['env']) } } }),
  };
}
