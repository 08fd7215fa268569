import { readFile } from 'node:fs/promises';
import { RecoveryReport } from '../../core/report/schema.ts';
import { reportPath } from './layout.ts';

/** Reads the newest report of a job; one that is missing or is not a report is undefined. */
export async function readReport(stateDirectory: string, jobId: string): Promise<RecoveryReport | undefined> {
  try {
    return RecoveryReport.parse(JSON.parse(await readFile(reportPath(stateDirectory, jobId), 'utf8')));
  } catch {
    return undefined;
  }
}
