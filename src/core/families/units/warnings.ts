/** What to know before agreeing to a choice about a job with units. */
import { judgeReach } from '../../diagnosis/judge-reach.ts';
import type { UnitsEvidence } from '../../evidence/schema.ts';
import { countOpen } from '../../job/schema.ts';
import type { ChoiceContext } from '../../plan/choice-row.ts';
import type { PlanWarning } from '../../plan/schema.ts';
import { countAskedAgain } from './count-asked-again.ts';
import { findLiving } from './steps.ts';

/** What a resume leaves alone. */
export function warnOfResume(context: ChoiceContext): readonly PlanWarning[] {
  const { units } = context.evidence;
  const count = (units?.counts.needs_review ?? 0) - countAskedAgain(units, context.answers);
  return [...(units ? warnOf('UNITS_NEED_REVIEW', count, { unit: units.unit }) : []), ...warnOfHeartbeat(context)];
}

/** What a restart does a second time. */
export function warnOfRestart(context: ChoiceContext): readonly PlanWarning[] {
  const { units } = context.evidence;
  return [...(units ? warnOfRepeats(units) : []), ...warnOfHeartbeat(context)];
}

/** What a cancel gives up, and what goes on in spite of it. */
export function warnOfCancel(context: ChoiceContext): readonly PlanWarning[] {
  const { units, orphans } = context.evidence;
  const distant = warnOfReach(context);
  if (!units) return [...distant, ...warnOfHeartbeat(context)];
  const { pending, failed, in_doubt: inDoubt, needs_review: review } = units.counts;
  const isLiving = findLiving(context.diagnosis) !== undefined;
  // What a runner has in hand it may still leave undone when it is asked; of one that is not, or is dead, nobody knows.
  const isAsked = isLiving && distant.length === 0;
  const left = pending + failed + (isAsked ? inDoubt : 0);
  const unknown = review + (isAsked ? 0 : inDoubt);
  const { unit } = units;
  return [
    ...distant,
    ...warnOf('UNITS_ABANDONED', left, { unit, ...(isLiving && { isAtMost: true }) }),
    ...warnOf('OUTCOMES_UNKNOWN', unknown, { unit }),
    ...warnOf('ORPHANS_LEFT', orphans.length),
    ...warnOfHeartbeat(context),
  ];
}

/** A runner that cannot be asked from here: the job is taken from it in the middle of what it has in hand. */
function warnOfReach({ diagnosis, evidence: { units, liveness } }: ChoiceContext): readonly PlanWarning[] {
  const living = findLiving(diagnosis);
  if (!living || !liveness) return [];
  const reach = judgeReach(liveness);
  if (reach === 'here') return [];
  const { pid, host } = living.holder;
  const runner = { pid, host, reach, ...(liveness.uid !== undefined && { uid: liveness.uid }) };
  return [{ code: 'RUNNER_OUT_OF_REACH', runner, ...(units && { unit: units.unit }) }];
}

/** A runner that does not move may not hear that it is to stop. */
export function warnOfStop({ diagnosis }: ChoiceContext): readonly PlanWarning[] {
  return findLiving(diagnosis)?.type === 'runner_stalled' ? [{ code: 'RUNNER_STALLED' }] : [];
}

/** A warning of what there is some of. */
function warnOf(code: PlanWarning['code'], count: number, more: Partial<PlanWarning> = {}): readonly PlanWarning[] {
  return count > 0 ? [{ code, count, ...more }] : [];
}

function warnOfHeartbeat({ diagnosis: { findings } }: ChoiceContext): readonly PlanWarning[] {
  const isByHeartbeat = findings.some(
    (finding) => finding.type === 'runner_dead' && finding.proof === 'heartbeat_expired',
  );
  return isByHeartbeat ? [{ code: 'HEARTBEAT_ONLY' }] : [];
}

/** Units that are done, and those in doubt or under review whose receipt says that they were. */
export function countProven({ counts, inDoubtWithReceipt, inReviewWithReceipt }: UnitsEvidence): number {
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
