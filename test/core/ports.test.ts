import { describe, expect, it } from 'vitest';
import { approvePlan } from '../../src/core/plan/approve-plan.ts';
import type { Actuator, JobReader } from '../../src/core/ports.ts';
import { SAMPLE_MS, sampleEvidence, sampleResumePlan } from '../helpers/sample-evidence.ts';
import { makeScriptedPorts } from '../helpers/scripted-ports.ts';

const PLAN = sampleResumePlan();
const CONSENT = { planDigest: PLAN.digest, principal: 'local:ops', atMs: SAMPLE_MS, form: 'flag' } as const;

/** Never called: what stands here is checked by the compiler, and an error that goes away is an error itself. */
function passWhatIsNotApproved(actuator: Actuator, reader: JobReader): void {
  // @ts-expect-error A plan alone is not approved.
  actuator.start(PLAN, () => {});
  // @ts-expect-error Neither is a plan with a consent beside it: only approvePlan says that they belong together.
  actuator.start({ plan: PLAN, consent: CONSENT, evidence: sampleEvidence() }, () => {});
  // @ts-expect-error Whoever reads cannot act.
  void reader.start;
}
void passWhatIsNotApproved;

describe('Actuator', () => {
  it('starts what approvePlan made', () => {
    const { ports, calls } = makeScriptedPorts({ start: 'wait' });
    ports.actuator?.start(approvePlan(PLAN, CONSENT, sampleEvidence()), () => {});
    expect(calls).toEqual(['start resume']);
  });
});
