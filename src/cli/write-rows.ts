import { parseBatchSpec } from '../runner/job-file/schema.ts';
import { writeBackJob } from '../runner/write-back-job.ts';
import type { WriteRows } from '../sources/native/write-back.ts';

/** Writes the rows file of a recorded job. Errors: STATE_CORRUPT, and those of `writeBackJob`. */
export const writeRows: WriteRows = async ({ store, job, clock, guard, record }) => {
  const spec = parseBatchSpec(job.spec);
  const { digest, changed } = await writeBackJob({
    rows: store,
    job,
    spec,
    clock,
    guard,
    change: (question, decide) => store.change(job.id, question, decide),
    record: (state, written) => record(state, { sha256: written.digest.sha256, changed: written.changed }),
  });
  return { path: spec.rowsPath, sha256: digest.sha256, changed };
};
