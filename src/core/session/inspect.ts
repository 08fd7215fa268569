import { diagnose } from '../diagnosis/diagnose.ts';
import { toRecoveryError } from '../errors.ts';
import { buildProposals } from '../plan/build-plan.ts';
import type { SessionContext } from './session-context.ts';

/**
 * Collects evidence and says what it means and what each choice would do.
 *
 * Errors: none thrown; what cannot be read is the state `refused`.
 * Source: design, rule 1.
 */
export async function inspect({ jobId, reader, authority, become }: SessionContext): Promise<void> {
  become({ stage: 'collecting', jobId });
  try {
    const evidence = await reader.collect(jobId);
    const diagnosis = diagnose(evidence);
    become({ stage: 'diagnosed', evidence, diagnosis, proposals: buildProposals({ evidence, diagnosis, authority }) });
  } catch (thrown) {
    become({ stage: 'refused', error: toRecoveryError(thrown) });
  }
}
