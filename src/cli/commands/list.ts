import { RecoveryError } from '../../core/errors.ts';
import { translateProgress } from '../../core/families/build-report.ts';
import { ATTENTIONS, type JobSummary, VERDICTS } from '../../core/job/schema.ts';
import type { JobPage } from '../../core/ports.ts';
import { describeJobCells } from '../../present/job-rows.ts';
import type { CommandContext } from '../command-context.ts';
import { listPlaces } from '../list-places.ts';
import { noteAbsent, openPlaces } from '../open-places.ts';
import { formatTable, tellError, translateError } from '../output.ts';
import { permitRecommended } from '../permit-recommended.ts';
import { readPlacePolicies } from '../place-policies.ts';
import { readPolicy } from '../read-policy.ts';

const NO_LIMIT = 1_000_000;

/** `salvor list`: jobs that need attention, or all of them. Source: contract, list --json. */
export async function runList({ asked, config, output }: CommandContext): Promise<number> {
  const opened = openPlaces(config, asked.positionals, asked.texts.source);
  const placePolicies = await readPlacePolicies(config, opened);
  const places = permitRecommended(opened, { config, placePolicies, policy: await readPolicy(config.policyPath) });
  // What runs is "running" wherever it is shown, be it a first run or a recovery.
  const word = asked.texts.verdict === 'running' ? 'alive' : asked.texts.verdict;
  const verdict = VERDICTS.find((known) => known === word);
  // A word that is both is a verdict.
  const attention = verdict ? undefined : ATTENTIONS.find((known) => known === asked.texts.verdict);
  const page = await listPlaces(places, {
    scope: asked.switches.has('all') || asked.texts.verdict !== undefined ? 'all' : 'attention',
    offset: 0,
    limit: parseLimit(asked.texts.limit),
    ...(verdict && { verdict }),
    ...(attention && { attention }),
    ...(asked.texts.kind !== undefined && { kind: asked.texts.kind }),
  });
  noteAbsent(places, output.note);
  if (output.json) output.printJson(translateJobPage(page));
  else printTable(page, output.print);
  const codes = (page.unread ?? []).map(({ error }) => tellError({ ...output, json: false }, error));
  return Math.max(0, ...codes);
}

function parseLimit(text: string | undefined): number {
  if (text === undefined) return NO_LIMIT;
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new RecoveryError('USAGE_INVALID', `--limit ${text} is not a whole number above 0`);
}

function printTable({ jobs, total }: JobPage, print: (line: string) => void): void {
  if (jobs.length === 0) {
    print('No jobs.');
    return;
  }
  const rows = jobs.map((summary) => {
    const cells = describeJobCells(summary);
    return [summary.job.id, cells.name, cells.attention, cells.count, cells.next, cells.stopped, cells.error];
  });
  for (const line of formatTable([['ID', 'NAME', 'STATE', 'DONE', 'NEXT', 'STOPPED', 'LAST ERROR'], ...rows]))
    print(line);
  if (total > jobs.length) print(`... and ${total - jobs.length} more`);
}

/** The contract's form of a page of jobs; `unread` is there when places could not be read. */
export function translateJobPage({ jobs, total, unread }: JobPage): unknown {
  const page = { schema_version: 1, jobs: jobs.map(translateSummary), total };
  if (unread === undefined) return page;
  return { ...page, unread: unread.map(({ path, error }) => ({ place: path, error: translateError(error) })) };
}

/** The contract's form of one job of a list. Absent values are `null`. */
export function translateSummary(summary: JobSummary): Readonly<Record<string, unknown>> {
  const { job, objectives, lastError, interruptedAtMs } = summary;
  return {
    id: job.id,
    name: job.name,
    kind: job.kind,
    source: job.source,
    status: summary.status,
    verdict: summary.verdict,
    attention: summary.attention,
    progress: translateProgress(summary.progress),
    interrupted_at: interruptedAtMs === undefined ? null : new Date(interruptedAtMs).toISOString(),
    last_error: lastError ? { code: lastError.code, message: lastError.message } : null,
    checkpoint: summary.checkpoint ?? null,
    recommended: summary.recommended ?? null,
    objectives: objectives
      ? {
          rto_seconds: objectives.rtoSeconds,
          rto_remaining_seconds: objectives.rtoRemainingSeconds,
          rpo_seconds: objectives.rpoSeconds,
          rpo_exposure_seconds: objectives.rpoExposureSeconds,
        }
      : null,
  };
}
