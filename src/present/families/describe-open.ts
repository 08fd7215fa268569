import type { UnitCounts } from '../../core/job/schema.ts';
import { formatCount } from '../format.ts';
import type { UnitWord } from './family-words.ts';

/** Units that wait for somebody, as in `1 row in doubt and 2 rows under review`; empty when there are none. */
export function describeOpen(counts: Pick<UnitCounts, 'in_doubt' | 'needs_review'>, unit: UnitWord): string {
  const parts = [
    counts.in_doubt > 0 ? `${formatCount(counts.in_doubt, unit)} in doubt` : '',
    counts.needs_review > 0 ? `${formatCount(counts.needs_review, unit)} under review` : '',
  ];
  return parts.filter((part) => part !== '').join(' and ');
}
