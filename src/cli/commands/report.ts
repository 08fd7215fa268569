import { RecoveryError } from '../../core/errors.ts';
import { judgeStarted } from '../../core/families/judge-started.ts';
import { formatForeignReport } from '../../present/foreign-report.ts';
import { formatReportMarkdown, formatReportText } from '../../present/report-text.ts';
import { sourceOf } from '../../sources/registry.ts';
import type { CommandContext } from '../command-context.ts';
import { findShown } from '../open-places.ts';

/** `salvor report`: the last recovery report of a job. Source: contract, commands. */
export async function runReport({ asked, config, output }: CommandContext): Promise<number> {
  const { ref, place } = await findShown(config, asked.positionals, asked.texts.source);
  const foreign = await place.jobs.foreignReport?.(ref.id);
  if (foreign) {
    if (output.json) output.printJson(foreign.value);
    else for (const line of formatForeignReport(foreign)) output.print(line);
    return 0;
  }
  const found = await place.jobs.report(ref.id);
  if (!found)
    throw new RecoveryError('REPORT_MISSING', `job '${ref.name}' has no recovery report`, { details: { job: ref.id } });
  // What it says of its end is from before the end, and the recovery may have died since.
  const isOpen = found.outcome.status === 'started' && sourceOf(place)?.actsApart === true;
  const report = isOpen ? judgeStarted(found, await place.jobs.collect(ref.id)) : found;
  if (output.json) output.printJson(report);
  else if (asked.switches.has('markdown')) output.print(formatReportMarkdown(report));
  else for (const line of formatReportText(report)) output.print(line);
  return 0;
}
