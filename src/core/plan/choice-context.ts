/** What guardrails look at, and what they answer. */
import type { Diagnosis } from '../diagnosis/schema.ts';
import type { Evidence } from '../evidence/schema.ts';
import type { AccessPolicy } from './access.ts';
import type { Decisions, PlanChoice, Refusal } from './schema.ts';

/** On whose behalf and within what limits a choice is considered. */
export type Authority = {
  readonly principal: string;
  readonly policy: AccessPolicy;
  readonly readOnly: boolean;
  /** Whether the source can act at all. */
  readonly canAct: boolean;
};

/** What a rule looks at. */
export type ChoiceContext = {
  readonly evidence: Evidence;
  readonly diagnosis: Diagnosis;
  readonly choice: PlanChoice;
  readonly authority: Authority;
};

/** Why a rule refuses; the choice and the job are added to it. */
export type Reason = Pick<Refusal, 'code' | 'message' | 'details'>;

/** A guardrail: why it refuses, or undefined. */
export type Rule = (context: ChoiceContext, decisions: Decisions) => Reason | undefined;
