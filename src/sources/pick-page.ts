import { isListed } from '../core/diagnosis/attention.ts';
import { compareUrgency } from '../core/diagnosis/compare-urgency.ts';
import type { JobSummary } from '../core/job/schema.ts';
import type { JobPage, JobQuery } from '../core/ports.ts';

/** The page that a query asks for of a place whose jobs are few enough to be read all: most urgent first. Errors: none. */
export function pickPage(all: readonly JobSummary[], query: JobQuery): JobPage {
  const matching = all.filter((summary) => isMatch(summary, query)).sort(compareUrgency);
  return { jobs: matching.slice(query.offset, query.offset + query.limit), total: matching.length };
}

function isMatch(summary: JobSummary, { scope, verdict, attention, kind, text }: JobQuery): boolean {
  if (scope === 'attention' && !isListed(summary.attention)) return false;
  if (verdict !== undefined && summary.verdict !== verdict) return false;
  if (attention !== undefined && summary.attention !== attention) return false;
  if (kind !== undefined && summary.job.kind !== kind) return false;
  return text === undefined || summary.job.name.includes(text) || summary.job.id.includes(text);
}
