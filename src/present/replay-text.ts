import { countActions } from '../core/evidence/count-actions.ts';
import type { Evidence } from '../core/evidence/schema.ts';
import { wordsOf } from './families/registry.ts';
import { formatCount } from './format.ts';
import { safeText } from './safe-text.ts';

/** What the replay of an audit log without a chain yields, in one sentence. Source: seed 000, AC-1. */
export function formatReplay(evidence: Evidence): string {
  const { audit, job } = evidence;
  const counts = countActions(audit.actions).map(({ action, count }) => `${count} ${safeText(action, 40)}`);
  const yields = counts.length === 0 ? '' : `: ${counts.join(', ')}`;
  const cut = wordsOf(job).replayEnd?.(evidence) ?? '';
  return `The replay yields ${formatCount(audit.actions.length, 'action')}${yields}${cut}.`;
}
