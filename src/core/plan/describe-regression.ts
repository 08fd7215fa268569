import type { RegressionFacts } from '../evidence/schema.ts';

const NAMES: Readonly<Record<Exclude<RegressionFacts['what'], 'mark'>, string>> = {
  epoch: 'epoch',
  journal: 'journal event',
  audit: 'audit chain',
};

/** A store that went back in time, in one sentence with both values; `found` may be foreign text. */
export function describeRegression({ what, recorded, found }: RegressionFacts): string {
  if (what === 'mark') return `how far the job had come cannot be read: ${found}`;
  return `the store went back in time: ${NAMES[what]} recorded ${recorded}, found ${found}`;
}
