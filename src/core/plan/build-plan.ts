import { countOpen, countWaiting } from '../diagnosis/guardrails.ts';
import type { Diagnosis, Finding } from '../diagnosis/schema.ts';
import { digestValue } from '../digest.ts';
import type { Evidence, UnitsEvidence } from '../evidence/schema.ts';
import { countUnits } from '../job/schema.ts';
import { buildControlSteps, warnOfControl } from './build-control-steps.ts';
import { checkChoice, describeNoReview } from './check-choice.ts';
import type { Authority, ChoiceContext } from './choice-context.ts';
import { countAskedAgain } from './count-asked-again.ts';
import { digestBasis, PLAN_BASES } from './plan-basis.ts';
import type {
  ActingChoice,
  Decisions,
  Plan,
  PlanChoice,
  PlanStep,
  PlanWarning,
  Proposal,
  Proposals,
  Question,
} from './schema.ts';

/** What was seen and on whose behalf. */
export type PlanInput = { readonly evidence: Evidence; readonly diagnosis: Diagnosis; readonly authority: Authority };

/**
 * Says for every choice what it would do, or why it cannot be taken.
 *
 * Errors: none. Same input, same digests.
 * Source: seed 002 (choices); design, rules 3, 5 and 6.
 */
export function buildProposals(input: PlanInput): Proposals {
  return {
    resume: buildProposal(input, 'resume', {}),
    restart: buildProposal(input, 'restart', {}),
    cancel: buildProposal(input, 'cancel', {}),
    review: proposeReview(input),
  };
}

/** What one acting choice would do with the decisions taken so far. */
export function buildProposal(input: PlanInput, choice: PlanChoice, decisions: Decisions): Proposal {
  const context: ChoiceContext = { ...input, choice };
  const refusal = checkChoice(context, decisions);
  return refusal ? { type: 'refused', refusal } : { type: 'plan', plan: buildPlan(context, decisions) };
}

/** What a review would show: the units that wait for a decision; REVIEW_EMPTY when none does. Errors: none. */
export function proposeReview({
  evidence,
  diagnosis: { verdict },
}: Pick<PlanInput, 'evidence' | 'diagnosis'>): Extract<Proposal, { type: 'review' | 'refused' }> {
  const unitCount = countWaiting({ verdict, ...(evidence.units && { counts: evidence.units.counts }) });
  if (unitCount > 0) return { type: 'review', unitCount };
  const { code, message } = describeNoReview(evidence);
  return { type: 'refused', refusal: { choice: 'review', code, message, details: { job: evidence.job.id } } };
}

function buildPlan(context: ChoiceContext, decisions: Decisions): Plan {
  const { evidence, choice } = context;
  const questions = askQuestions(context, decisions);
  const steps = buildSteps(context, decisions);
  const warnings = warn(context, decisions);
  const evidenceDigest = digestBasis(choice, evidence);
  const wouldRepeat = choice === 'restart' && evidence.units ? countProven(evidence.units) : 0;
  const core = { choice, jobId: evidence.job.id, evidenceDigest, decisions, questions, steps, wouldRepeat };
  // Warnings count what goes on by itself; a plan that rests on the holder alone must stay the same meanwhile.
  const told = PLAN_BASES[choice] === 'holder' ? {} : { warnings };
  return Object.freeze({
    ...core,
    warnings,
    jobName: evidence.job.name,
    digest: digestValue({ ...core, ...told }),
    consentForm: choice === 'restart' ? 'type_name' : 'confirm',
  });
}

function buildSteps(context: ChoiceContext, decisions: Decisions): readonly PlanStep[] {
  const { choice, evidence } = context;
  if (evidence.control) return buildControlSteps(context, evidence.control);
  // A job without control refuses these two before a plan is built.
  return choice === 'pause' || choice === 'rollback' ? [] : STEPS[choice](context, decisions);
}

function askQuestions({ evidence, choice }: ChoiceContext, decisions: Decisions): readonly Question[] {
  if (choice === 'cancel' || evidence.control || evidence.orphans.length === 0 || decisions.orphans !== undefined)
    return [];
  return [{ id: 'orphans', orphans: evidence.orphans, options: ['wait', 'end'] }];
}

type BuildSteps = (context: ChoiceContext, decisions: Decisions) => readonly PlanStep[];

const STEPS = {
  resume: ({ evidence }, decisions) => [
    takeLease(evidence),
    ...clearOrphans(evidence, decisions),
    ...settleDoubt(evidence.units, decisions),
    ...retryFailed(evidence.units),
    ...runUnits(evidence.units, decisions),
  ],
  restart: ({ evidence }, decisions) => [
    takeLease(evidence),
    ...clearOrphans(evidence, decisions),
    ...resetUnits(evidence.units),
    ...runAllUnits(evidence.units),
  ],
  cancel: ({ evidence, diagnosis }) => {
    const living = findLiving(diagnosis);
    const stop: readonly PlanStep[] = living
      ? [{ action: 'stop_runner', pid: living.holder.pid, host: living.holder.host }]
      : [];
    return [...stop, takeLease(evidence), { action: 'mark_cancelled' }];
  },
} as const satisfies Record<ActingChoice, BuildSteps>;

function findLiving({
  findings,
}: Diagnosis): Extract<Finding, { type: 'runner_alive' | 'runner_stalled' }> | undefined {
  return findings.find((finding) => finding.type === 'runner_alive' || finding.type === 'runner_stalled');
}

function takeLease(evidence: Evidence): PlanStep {
  return { action: 'take_lease', epoch: evidence.recorded.epoch + 1 };
}

function clearOrphans(evidence: Evidence, decisions: Decisions): readonly PlanStep[] {
  const pids = evidence.orphans.map((orphan) => orphan.pid);
  if (pids.length === 0 || decisions.orphans === undefined) return [];
  return [{ action: decisions.orphans === 'end' ? 'end_orphans' : 'await_orphans', pids }];
}

function settleDoubt(units: UnitsEvidence | undefined, decisions: Decisions): readonly PlanStep[] {
  const again = countAskedAgain(units, decisions);
  const inDoubt = (units?.counts.in_doubt ?? 0) + again;
  if (!units || inDoubt === 0) return [];
  const byReceipt = units.inDoubtWithReceipt;
  const byVerify = countAsked(units, decisions);
  const ask: readonly PlanStep[] = again > 0 ? [{ action: 'ask_again', count: again }] : [];
  return [...ask, { action: 'settle_units', byReceipt, byVerify, toReview: inDoubt - byReceipt - byVerify }];
}

/** How many units the verify hook is asked about: those without a receipt, and those it is to be asked about again. */
function countAsked(units: UnitsEvidence, decisions: Decisions): number {
  if (!units.canVerify) return 0;
  return units.counts.in_doubt - units.inDoubtWithReceipt + countAskedAgain(units, decisions);
}

function retryFailed(units: UnitsEvidence | undefined): readonly PlanStep[] {
  const count = units?.counts.failed ?? 0;
  return count === 0 ? [] : [{ action: 'retry_failed_units', count }];
}

function resetUnits(units: UnitsEvidence | undefined): readonly PlanStep[] {
  if (!units) return [];
  const { done, failed, skipped, in_doubt: inDoubt, needs_review: review } = units.counts;
  const count = done + failed + skipped + inDoubt + review;
  return count === 0 ? [] : [{ action: 'reset_units', count }];
}

/** Runs what is left; what the hook says was not done is run with it. */
function runUnits(units: UnitsEvidence | undefined, decisions: Decisions): readonly PlanStep[] {
  if (!units) return [];
  const asked = countAsked(units, decisions);
  const count = units.counts.pending + units.counts.failed;
  return [{ action: 'run_units', count, ...(asked > 0 && { unlessDone: asked }) }];
}

function runAllUnits(units: UnitsEvidence | undefined): readonly PlanStep[] {
  return units ? [{ action: 'run_units', count: countUnits(units.counts) }] : [];
}

const WARN = {
  resume: ({ evidence: { units } }, decisions) => {
    const count = (units?.counts.needs_review ?? 0) - countAskedAgain(units, decisions);
    return units ? warnOf('UNITS_NEED_REVIEW', count, { unit: units.unit }) : [];
  },
  restart: ({ evidence: { units } }) => (units ? warnOfRepeats(units) : []),
  cancel: ({ evidence: { units, orphans }, diagnosis }) => {
    if (!units) return [];
    const { pending, failed, in_doubt: inDoubt, needs_review: review } = units.counts;
    const isLiving = findLiving(diagnosis) !== undefined;
    // What a living runner has in hand it may still leave undone; of a dead one nobody knows.
    const left = pending + failed + (isLiving ? inDoubt : 0);
    const unknown = review + (isLiving ? 0 : inDoubt);
    const { unit } = units;
    return [
      ...warnOf('UNITS_ABANDONED', left, { unit, ...(isLiving && { isAtMost: true }) }),
      ...warnOf('OUTCOMES_UNKNOWN', unknown, { unit }),
      ...warnOf('ORPHANS_LEFT', orphans.length),
    ];
  },
} as const satisfies Record<ActingChoice, (context: ChoiceContext, decisions: Decisions) => readonly PlanWarning[]>;

/** A warning of what there is some of. */
function warnOf(code: PlanWarning['code'], count: number, more: Partial<PlanWarning> = {}): readonly PlanWarning[] {
  return count > 0 ? [{ code, count, ...more }] : [];
}

function warn(context: ChoiceContext, decisions: Decisions): readonly PlanWarning[] {
  const { choice, evidence } = context;
  if (evidence.control) return warnOfControl(context, evidence.control);
  if (choice === 'pause' || choice === 'rollback') return [];
  const { findings } = context.diagnosis;
  const byHeartbeat = findings.some(
    (finding) => finding.type === 'runner_dead' && finding.proof === 'heartbeat_expired',
  );
  return [...WARN[choice](context, decisions), ...(byHeartbeat ? [{ code: 'HEARTBEAT_ONLY' } as const] : [])];
}

/** Units that are done, and those in doubt or under review whose receipt says that they were. */
function countProven({ counts, inDoubtWithReceipt, inReviewWithReceipt }: UnitsEvidence): number {
  return counts.done + inDoubtWithReceipt + inReviewWithReceipt;
}

function warnOfRepeats(units: UnitsEvidence): readonly PlanWarning[] {
  const { counts, doneWithReceipt, receiptLabel, unit } = units;
  const proven = countProven(units);
  // Only when every done unit has its receipt may the warning speak of receipts alone.
  const label = doneWithReceipt === counts.done && receiptLabel !== undefined ? { label: receiptLabel } : {};
  const would: readonly PlanWarning[] = proven > 0 ? [{ code: 'WOULD_REPEAT', count: proven, unit, ...label }] : [];
  const unproven = countOpen(counts) - (proven - counts.done);
  return unproven > 0 ? [...would, { code: 'MAY_REPEAT', count: unproven, unit }] : would;
}
