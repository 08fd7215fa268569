import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { RecoveryReport } from '../../core/report/schema.ts';
import { stageFile } from '../../platform/files/stage-file.ts';
import { jobDirectory, reportPath } from '../state-directory.ts';

/**
 * Writes a report in the job's directory, its owner's alone: under `reports/` by its id, where it stays, and as `recovery-report.json`.
 * What a runner says after somebody took its job over is kept, but is not the last word.
 *
 * Returns the path of the newest. Errors: the system's.
 * Source: contract, recovery-report.json; design, rule 7.
 */
export async function writeReport(
  stateDirectory: string,
  report: RecoveryReport,
  { isLastWord }: { readonly isLastWord: boolean },
): Promise<string> {
  const kept = join(jobDirectory(stateDirectory, report.job.id), 'reports');
  mkdirSync(kept, { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify(report, undefined, 2)}\n`;
  const keptPath = join(kept, `${report.report_id}.json`);
  stageFile(keptPath, text).publish();
  if (!isLastWord) return keptPath;
  const path = reportPath(stateDirectory, report.job.id);
  stageFile(path, text).publish();
  return path;
}
