/** What each choice does to a job with units, in the order it is done. Source: seed 002; design, rules 6 and 7. */
import { judgeReach } from '../../diagnosis/judge-reach.ts';
import type { Diagnosis, Finding } from '../../diagnosis/schema.ts';
import type { Evidence, UnitsEvidence } from '../../evidence/schema.ts';
import { countUnits } from '../../job/schema.ts';
import type { ChoiceContext } from '../../plan/choice-row.ts';
import type { Answers, PlanStep } from '../../plan/schema.ts';
import { countAskedAgain } from './count-asked-again.ts';

/** Takes the job over, settles what is in doubt and goes on. */
export function resumeSteps({ evidence, answers }: ChoiceContext): readonly PlanStep[] {
  return [
    takeLease(evidence),
    ...clearOrphans(evidence, answers),
    ...settleDoubt(evidence.units, answers),
    ...retryFailed(evidence.units),
    ...runUnits(evidence.units, answers),
  ];
}

/** Takes the job over and does all of it again. */
export function restartSteps({ evidence, answers }: ChoiceContext): readonly PlanStep[] {
  return [
    takeLease(evidence),
    ...clearOrphans(evidence, answers),
    ...resetUnits(evidence.units),
    ...runAllUnits(evidence.units),
  ];
}

/** Stops who has the job, where that one can be asked, and records that it is given up. */
export function cancelSteps(context: ChoiceContext): readonly PlanStep[] {
  return [...stopRunner(context), takeLease(context.evidence), { by: 'actuator', action: 'mark_cancelled' }];
}

/** Asks who has the job to stop after the unit in hand; nobody takes it. */
export function stopSteps(context: ChoiceContext): readonly PlanStep[] {
  return stopRunner(context);
}

/** No plan has a step that cannot be taken: whom nobody can ask from here, nobody asks. */
function stopRunner({ diagnosis, evidence: { liveness } }: ChoiceContext): readonly PlanStep[] {
  const living = findLiving(diagnosis);
  if (!living || !liveness || judgeReach(liveness) !== 'here') return [];
  const { pid, host } = living.holder;
  return [{ by: 'actuator', action: 'stop_runner', pid, host }];
}

/** The runner that has the job, when one lives. */
export function findLiving({
  findings,
}: Diagnosis): Extract<Finding, { type: 'runner_alive' | 'runner_stalled' }> | undefined {
  return findings.find((finding) => finding.type === 'runner_alive' || finding.type === 'runner_stalled');
}

function takeLease(evidence: Evidence): PlanStep {
  return { by: 'actuator', action: 'take_lease', epoch: evidence.recorded.epoch + 1 };
}

function clearOrphans(evidence: Evidence, answers: Answers): readonly PlanStep[] {
  const pids = evidence.orphans.map((orphan) => orphan.pid);
  if (pids.length === 0 || answers['orphans'] === undefined) return [];
  return [{ by: 'runner', action: answers['orphans'] === 'end' ? 'end_orphans' : 'await_orphans', pids }];
}

function settleDoubt(units: UnitsEvidence | undefined, answers: Answers): readonly PlanStep[] {
  const again = countAskedAgain(units, answers);
  const inDoubt = (units?.counts.in_doubt ?? 0) + again;
  if (!units || inDoubt === 0) return [];
  const byReceipt = units.inDoubtWithReceipt;
  const byVerify = countAsked(units, answers);
  const ask: readonly PlanStep[] = again > 0 ? [{ by: 'runner', action: 'ask_again', count: again }] : [];
  const toReview = inDoubt - byReceipt - byVerify;
  return [...ask, { by: 'runner', action: 'settle_units', byReceipt, byVerify, toReview }];
}

/** How many units the verify hook is asked about: those without a receipt, and those it is to be asked about again. */
function countAsked(units: UnitsEvidence, answers: Answers): number {
  if (!units.canVerify) return 0;
  return units.counts.in_doubt - units.inDoubtWithReceipt + countAskedAgain(units, answers);
}

function retryFailed(units: UnitsEvidence | undefined): readonly PlanStep[] {
  const count = units?.counts.failed ?? 0;
  return count === 0 ? [] : [{ by: 'runner', action: 'retry_failed_units', count }];
}

function resetUnits(units: UnitsEvidence | undefined): readonly PlanStep[] {
  if (!units) return [];
  const { done, failed, skipped, in_doubt: inDoubt, needs_review: review } = units.counts;
  const count = done + failed + skipped + inDoubt + review;
  return count === 0 ? [] : [{ by: 'runner', action: 'reset_units', count }];
}

/** Runs what is left; what the hook says was not done is run with it. */
function runUnits(units: UnitsEvidence | undefined, answers: Answers): readonly PlanStep[] {
  if (!units) return [];
  const asked = countAsked(units, answers);
  const count = units.counts.pending + units.counts.failed;
  return [{ by: 'runner', action: 'run_units', count, ...(asked > 0 && { unlessDone: asked }) }];
}

function runAllUnits(units: UnitsEvidence | undefined): readonly PlanStep[] {
  return units ? [{ by: 'runner', action: 'run_units', count: countUnits(units.counts) }] : [];
}
