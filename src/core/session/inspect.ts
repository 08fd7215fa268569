import type { Diagnosis } from '../diagnosis/schema.ts';
import { toRecoveryError } from '../errors.ts';
import { diagnose } from '../families/diagnose.ts';
import { buildProposals } from '../families/propose.ts';
import type { Answers } from '../plan/schema.ts';
import type { SettledUnit } from '../ports.ts';
import type { Looked } from './schema.ts';
import type { SessionContext } from './session-context.ts';

/**
 * Collects evidence and says what it means and what each choice would do. `settled` are units settled just before;
 * `answers` may name what is to be read as well.
 *
 * Errors: none thrown; what cannot be read is the state `refused`.
 * Source: design, rule 1.
 */
export async function inspect(
  { jobId, reader, authority, become, standing, looking }: SessionContext,
  { settled, answers = {} }: { readonly settled?: readonly SettledUnit[]; readonly answers?: Answers } = {},
): Promise<void> {
  const before = settled === undefined ? {} : { settled };
  looking.answers = answers;
  become({ stage: 'collecting', jobId });
  try {
    const evidence = await reader.collect(jobId, answers);
    const diagnosis = diagnose(evidence);
    const proposals = buildProposals({ evidence, diagnosis, authority }, standing);
    become({ stage: 'diagnosed', evidence, diagnosis: permit(diagnosis, proposals), proposals, ...before });
  } catch (thrown) {
    become({ stage: 'refused', error: toRecoveryError(thrown), ...before });
  }
}

/** What would be refused to who looks, by the access policy or since nothing may be changed, is not recommended. */
function permit(diagnosis: Diagnosis, proposals: Looked['proposals']): Diagnosis {
  const { recommended, ...rest } = diagnosis;
  return recommended !== undefined && proposals[recommended]?.type === 'refused' ? rest : diagnosis;
}
