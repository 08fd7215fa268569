import { diagnose } from '../diagnosis/diagnose.ts';
import type { Diagnosis } from '../diagnosis/schema.ts';
import { toRecoveryError } from '../errors.ts';
import { buildProposals } from '../plan/build-plan.ts';
import type { SettledUnit } from '../ports.ts';
import type { Looked } from './schema.ts';
import type { SessionContext } from './session-context.ts';

/**
 * Collects evidence and says what it means and what each choice would do. `settled` are units settled just before.
 *
 * Errors: none thrown; what cannot be read is the state `refused`.
 * Source: design, rule 1.
 */
export async function inspect(
  { jobId, reader, authority, become }: SessionContext,
  settled?: readonly SettledUnit[],
): Promise<void> {
  const before = settled === undefined ? {} : { settled };
  become({ stage: 'collecting', jobId });
  try {
    const evidence = await reader.collect(jobId);
    const diagnosis = diagnose(evidence);
    const proposals = buildProposals({ evidence, diagnosis, authority });
    become({ stage: 'diagnosed', evidence, diagnosis: permit(diagnosis, proposals), proposals, ...before });
  } catch (thrown) {
    become({ stage: 'refused', error: toRecoveryError(thrown), ...before });
  }
}

/** What would be refused to who looks, by the access policy or since nothing may be changed, is not recommended. */
function permit(diagnosis: Diagnosis, proposals: Looked['proposals']): Diagnosis {
  const { recommended, ...rest } = diagnosis;
  return recommended !== undefined && proposals[recommended].type === 'refused' ? rest : diagnosis;
}
