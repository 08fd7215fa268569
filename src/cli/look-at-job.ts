import { diagnose } from '../core/families/diagnose.ts';
import { assembleProgress } from '../core/job/schema.ts';
import { describeVerdict } from '../present/words.ts';
import type { LookAtJob } from '../runner/find-shared-rows.ts';
import { collectEvidence } from '../sources/native/collect.ts';

/** How a job stands now. Errors: those of collecting evidence. */
export const lookAtJob: LookAtJob = async (store, jobId) => {
  const evidence = await collectEvidence(store, jobId);
  const diagnosis = diagnose(evidence);
  const { verdict, recommended } = diagnosis;
  const { job, units } = evidence;
  const progress = units && assembleProgress(units.counts, units.unit);
  const standing = describeVerdict(diagnosis, progress);
  return { job, verdict, standing, progress, ...(recommended && { recommended }) };
};
