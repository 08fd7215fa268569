import { RecoveryReport } from '../../core/report/schema.ts';
import { describeJobUnknown } from '../lease-errors.ts';
import type { Session } from './session.ts';

/** Keeps a report. Errors: JOB_UNKNOWN. */
export async function saveReport(session: Session, report: RecoveryReport, isLastWord: boolean): Promise<void> {
  const text = `INSERT INTO reports (job_seq, report_id, is_last_word, report)
    SELECT seq, $2, $3, $4 FROM jobs WHERE id = $1
    ON CONFLICT (job_seq, report_id) DO UPDATE SET is_last_word = excluded.is_last_word, report = excluded.report
    RETURNING seq`;
  const values = [report.job.id, report.report_id, isLastWord, JSON.stringify(report)];
  const [saved] = await session.query(text, values);
  if (!saved) throw describeJobUnknown(report.job.id);
}

/** The last report of a job that was the last word; one that is not a report is undefined. */
export async function readReport(session: Session, jobId: string): Promise<RecoveryReport | undefined> {
  const text = `SELECT report FROM reports JOIN jobs ON jobs.seq = job_seq WHERE jobs.id = $1 AND is_last_word
    ORDER BY reports.seq DESC LIMIT 1`;
  const [row] = await session.query(text, [jobId]);
  try {
    return row && RecoveryReport.parse(JSON.parse(String(row.report)));
  } catch {
    return undefined;
  }
}
