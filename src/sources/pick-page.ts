import { isListed } from '../core/diagnosis/attention.ts';
import { compareUrgency } from '../core/diagnosis/compare-urgency.ts';
import type { JobSummary } from '../core/job/schema.ts';
import type { JobKey, JobPage, JobQuery } from '../core/ports.ts';

/** The page that a query asks for of a place whose jobs are few enough to be read all: most urgent first. Errors: none. */
export function pickPage(all: readonly JobSummary[], query: JobQuery): JobPage {
  const matching = all
    .filter((summary) => isMatch(summary, query))
    .map((summary) => ({ summary, key: keyOf(summary) }))
    .sort((one, other) => compareKeys(one.key, other.key));
  const [after] = query.after?.values() ?? [];
  const behind = after ? matching.filter(({ key }) => compareKeys(key, after) > 0) : matching;
  const page = behind.slice(query.offset, query.offset + query.limit);
  return {
    jobs: page.map(({ summary }) => summary),
    keys: page.map(({ key }) => key),
    total: matching.length,
  };
}

function keyOf({ attention, sinceMs, objectives, job }: JobSummary): JobKey {
  return { attention, ...(sinceMs !== undefined && { sinceMs }), ...(objectives && { objectives }), tie: job.id };
}

function compareKeys(one: JobKey, other: JobKey): number {
  return compareUrgency(one, other) || (one.tie === other.tie ? 0 : one.tie < other.tie ? -1 : 1);
}

function isMatch(summary: JobSummary, { scope, verdict, attention, kind, text }: JobQuery): boolean {
  if (scope === 'attention' && !isListed(summary.attention)) return false;
  if (verdict !== undefined && summary.verdict !== verdict) return false;
  if (attention !== undefined && summary.attention !== attention) return false;
  if (kind !== undefined && summary.job.kind !== kind) return false;
  return text === undefined || summary.job.name.includes(text) || summary.job.id.includes(text);
}
