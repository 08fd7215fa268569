/** Variations of the sample evidence, and what is needed to ask for a choice. */

import type { Diagnosis } from '../../src/core/diagnosis/schema.ts';
import type { Evidence, LivenessFacts, OrphanFacts, UnitsEvidence } from '../../src/core/evidence/schema.ts';
import { diagnose } from '../../src/core/families/diagnose.ts';
import { buildProposal } from '../../src/core/families/propose.ts';
import type { ActingChoice, UnitCounts } from '../../src/core/job/schema.ts';
import type { Authority, ChoiceContext } from '../../src/core/plan/choice-row.ts';
import type { Answers, Plan } from '../../src/core/plan/schema.ts';
import { SAMPLE_COUNTS, SAMPLE_HOLDER, SAMPLE_UNITS, sampleEvidence } from './sample-evidence.ts';

/** Somebody who may do everything. */
export const ANYBODY: Authority = {
  principal: 'local:ops',
  policy: { type: 'none' },
  readOnly: false,
  canAct: true,
};

export const NO_UNITS: UnitCounts = { pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 };

/** What is seen of a holder that lives. */
export const LIVING: LivenessFacts = { host: 'same', boot: 'same', lock: 'held', process: 'same', processState: 'S' };

/** What outlived the runner of the sample job. */
export const SAMPLE_ORPHANS: readonly OrphanFacts[] = [
  { pid: 4800, pidStartTicks: 1, command: './ship.sh', unitNumber: 48 },
  { pid: 4801, pidStartTicks: 2, command: './ship.sh' },
];

/** Evidence with these units; states not named are empty. */
export function withUnits(counts: Partial<UnitCounts>, change: Partial<UnitsEvidence> = {}): Evidence {
  return sampleEvidence({ units: { ...SAMPLE_UNITS, counts: { ...NO_UNITS, ...counts }, ...change } });
}

/** Evidence of a job recorded with this status, whose last runner released its lease. */
export function withStatus(status: string, counts: Partial<UnitCounts> = SAMPLE_COUNTS): Evidence {
  const evidence = withUnits(counts);
  return {
    ...evidence,
    recorded: { ...evidence.recorded, status },
    lease: { ...SAMPLE_HOLDER, releasedAtMs: SAMPLE_HOLDER.heartbeatAtMs },
  };
}

/** Asks for a choice. */
export function askFor(
  choice: ActingChoice,
  evidence: Evidence,
  change: { readonly diagnosis?: Diagnosis; readonly authority?: Partial<Authority> } = {},
): ChoiceContext {
  const { diagnosis = diagnose(evidence), authority } = change;
  return { choice, answers: {}, evidence, diagnosis, authority: { ...ANYBODY, ...authority } };
}

/** The plan of a choice that can be taken. */
export function planFor(evidence: Evidence, choice: ActingChoice, answers: Answers = {}): Plan {
  const proposal = buildProposal({ evidence, diagnosis: diagnose(evidence), authority: ANYBODY }, choice, answers);
  if (proposal.type !== 'plan') throw new Error(`${choice} is ${JSON.stringify(proposal)}`);
  return proposal.plan;
}
