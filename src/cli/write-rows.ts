import { parseBatchSpec } from '../runner/job-file/schema.ts';
import { writeBackJob } from '../runner/write-back-job.ts';
import type { WriteRows } from '../sources/native/write-back.ts';

/** Writes the rows file of a recorded job. Errors: STATE_CORRUPT, and those of `writeBackJob`. */
export const writeRows: WriteRows = async ({ database, job, guard, record }) => {
  const spec = parseBatchSpec(job.spec);
  const { digest, changed } = await writeBackJob({
    database,
    jobId: job.id,
    spec,
    guard,
    record: (written) => record({ sha256: written.digest.sha256, changed: written.changed }),
  });
  return { path: spec.rowsPath, sha256: digest.sha256, changed };
};
