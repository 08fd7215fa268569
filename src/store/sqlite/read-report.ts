import { RecoveryReport } from '../../core/report/schema.ts';
import { readSmallFile } from '../../platform/small-file.ts';
import { reportPath } from '../state-directory.ts';

/** A report names no rows one by one; anything larger is another file. */
const LARGEST_BYTES = 16 * 1024 * 1024;

/** Reads the newest report of a job; one that is missing or is not a report is undefined. */
export async function readReport(stateDirectory: string, jobId: string): Promise<RecoveryReport | undefined> {
  try {
    const text = readSmallFile(reportPath(stateDirectory, jobId), LARGEST_BYTES);
    return text === undefined ? undefined : RecoveryReport.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}
