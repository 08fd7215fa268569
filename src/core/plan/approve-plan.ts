import { RecoveryError } from '../errors.ts';
import type { Evidence } from '../evidence/schema.ts';
import { openQuestions } from './build-plan.ts';
import type { ApprovedPlan, Consent, Plan } from './schema.ts';

/**
 * Binds a consent to the plan it names. The only way to an approved plan.
 *
 * Errors: CONSENT_MISMATCH when the consent names another plan, or neither the job's name nor its id was typed; the one of a
 * question that is open; CONFIRMATION_NEEDED when the form of consent is not the one the plan asks for.
 * Source: design, rule 8.
 */
export function approvePlan(plan: Plan, consent: Consent, evidence: Evidence): ApprovedPlan {
  if (consent.planDigest !== plan.digest) {
    throw new RecoveryError(
      'CONSENT_MISMATCH',
      `consent names plan ${consent.planDigest}, this is plan ${plan.digest}`,
    );
  }
  const [open] = openQuestions(plan);
  if (open)
    throw new RecoveryError(open.unanswered.code, open.unanswered.message, { details: open.unanswered.details });
  if (plan.consentForm === 'type_name' && consent.form === 'key') {
    throw new RecoveryError('CONFIRMATION_NEEDED', `this plan needs the job's name typed in full: ${plan.jobName}`);
  }
  if (consent.form === 'typed' && consent.typedName !== plan.jobName && consent.typedName !== plan.jobId) {
    const typed = consent.typedName ?? '';
    const message = `'${typed}' is neither the job's name '${plan.jobName}' nor its id ${plan.jobId}`;
    throw new RecoveryError('CONSENT_MISMATCH', message);
  }
  const approved = { plan, consent, evidence };
  return approved as ApprovedPlan;
}
