/** What verdicts, findings, steps and warnings are called. Every foreign text in them is made safe here. */
import type { DeathProof, Diagnosis, Finding } from '../core/diagnosis/schema.ts';
import type { Evidence, LeaseHolder } from '../core/evidence/schema.ts';
import { assembleProgress, type Choice, type Progress, type UnitCounts, type Verdict } from '../core/job/schema.ts';
import { describeRegression } from '../core/plan/describe-regression.ts';
import type { PlanAction, PlanStep, PlanWarning } from '../core/plan/schema.ts';
import type { Looked } from '../core/session/schema.ts';
import { CONTROL_FINDING_WORDS, CONTROL_STEP_WORDS, CONTROL_WARNING_WORDS } from './control-words.ts';
import { formatCount, formatTime } from './format.ts';
import { safeText } from './safe-text.ts';

const VERDICT_WORDS: Readonly<Record<Verdict, string>> = {
  alive: 'running',
  stalled: 'stalled: it runs, but does not move',
  interrupted: 'interrupted',
  paused: 'paused',
  failed: 'failed',
  finished: 'finished',
  cancelled: 'cancelled',
  inconsistent: 'inconsistent: its records contradict each other',
  unknown: 'unknown: it cannot be told whether it runs',
};

type Judged = Pick<Diagnosis, 'verdict' | 'attention'>;

/** A verdict in words. What ended with open units is not called finished: `open` counts them. */
export function describeVerdict(
  { verdict, attention }: Judged,
  open?: Pick<Progress, 'inDoubt' | 'needsReview' | 'unit'>,
): string {
  const left = open ? describeOpen({ in_doubt: open.inDoubt, needs_review: open.needsReview }, open.unit) : '';
  if (verdict === 'finished' && left !== '') return `ended with ${left}`;
  // The word that lists have for it.
  return attention === 'recovering' ? 'running (recovering)' : VERDICT_WORDS[verdict];
}

/** The verdict of a job that was looked at, in words. */
export function describeStanding({ evidence, diagnosis }: Pick<Looked, 'evidence' | 'diagnosis'>): string {
  if (isReopened(evidence, diagnosis)) return 'interrupted: settled as not done, and not run again yet';
  return describeVerdict(diagnosis, evidence.units && assembleProgress(evidence.units.counts, evidence.units.unit));
}

/** Whether a job that had come to its end has something to run again, by a person's word. */
export function isReopened({ recorded, lease }: Evidence, { verdict }: Judged): boolean {
  return verdict === 'interrupted' && recorded.status === 'pending' && lease !== undefined;
}

/** Units that wait for somebody, as in `1 row in doubt and 2 rows under review`; empty when there are none. */
export function describeOpen(counts: Pick<UnitCounts, 'in_doubt' | 'needs_review'>, unit: UnitWord): string {
  const parts = [
    counts.in_doubt > 0 ? `${formatCount(counts.in_doubt, unit)} in doubt` : '',
    counts.needs_review > 0 ? `${formatCount(counts.needs_review, unit)} under review` : '',
  ];
  return parts.filter((part) => part !== '').join(' and ');
}

const CHOICE_WORDS: Readonly<Record<Choice, string>> = {
  resume: 'Continue from where it stopped',
  restart: 'Start over from the beginning (may create duplicates!)',
  cancel: 'Abandon this job',
  review: 'Look at what needs attention',
};

/** What a choice means, in the words of the recovery prompt. Source: seed 002; contract, the recovery prompt. */
export function describeChoice(choice: Choice): string {
  return CHOICE_WORDS[choice];
}

const PROOF_WORDS: Readonly<Record<DeathProof, string>> = {
  boot_changed: 'the host was restarted since',
  lock_free: 'its lock is free',
  pid_reused: 'its pid belongs to another process now',
  pid_gone: 'there is no such process',
  heartbeat_expired: 'its heartbeat stopped (the only evidence from another host)',
};

function describeHolder(holder: LeaseHolder): string {
  return `process ${holder.pid} on ${safeText(holder.host, 80)} (epoch ${holder.epoch})`;
}

/** What one unit of a job is called. */
export type UnitWord = Progress['unit'];

/** What the units of a job are called; a job without units is spoken of as if it had rows. */
export function chooseUnitWord({ units, control }: Pick<Evidence, 'units' | 'control'>): UnitWord {
  return units?.unit ?? (control ? 'step' : 'row');
}

type Describe<T extends Finding['type']> = (finding: Extract<Finding, { type: T }>, unit: UnitWord) => string;

const FINDING_WORDS: { readonly [T in Finding['type']]: Describe<T> } = {
  runner_alive: ({ holder }) => `running: ${describeHolder(holder)} holds the job's lock`,
  runner_stalled: ({ holder, reason }) =>
    `running but stalled: ${describeHolder(holder)} ${reason === 'stopped' ? 'is stopped (SIGSTOP)' : `has a late heartbeat, last ${formatTime(holder.heartbeatAtMs)}`}`,
  runner_dead: ({ holder, proof }) => `crashed: ${describeHolder(holder)} is dead: ${PROOF_WORDS[proof]}`,
  runner_stopped: ({ holder }) => `stopped on request at ${formatTime(holder.releasedAtMs ?? holder.heartbeatAtMs)}`,
  never_started: () => 'recorded as running, and nobody ever held it',
  liveness_unknown: ({ reason }) => `whether it runs cannot be told: ${safeText(reason)}`,
  run_failed: ({ error }) =>
    error ? `the run failed: ${safeText(error.code, 60)}: ${safeText(error.message)}` : 'the run failed',
  fenced_runner_alive: ({ holder }) =>
    `cancelled, but ${describeHolder(holder)} still lives; nothing it says is accepted`,
  orphan_running: ({ orphan }, unit) =>
    `orphan: process ${orphan.pid} (${safeText(orphan.command, 120)}) still works${orphan.unitNumber === undefined ? '' : ` on ${unit} ${orphan.unitNumber}`}`,
  units_in_doubt: ({ count, withReceipt, canVerify }, unit) =>
    `in doubt: ${formatCount(count, unit)} started, outcome not known; ${withReceipt} proven by a receipt, ${describeRest(count - withReceipt, canVerify)}`,
  units_in_hand: ({ count }, unit) => `in hand: ${formatCount(count, unit)} begun by the runner, which lives`,
  units_need_review: ({ count }, unit) =>
    `review: ${formatCount(count, unit)} ${count === 1 ? 'waits' : 'wait'} for a person`,
  units_failed: ({ count }, unit) => `failed: ${formatCount(count, unit)}`,
  prerequisite_bad: ({ prerequisite: { what, path, state, expected, found } }) =>
    what === 'command'
      ? `the command ${safeText(path)} ${safeText(found ?? state)}`
      : `${what === 'rows_file' ? 'the rows file' : 'the directory of the job file'} ${safeText(path)} is ${state}${state === 'changed' ? `: sha256 expected ${expected}, found ${found}` : ''}`,
  audit_broken: ({ sequence, expected, found }) =>
    `the audit chain is broken at entry ${sequence}: expected ${expected}, found ${safeText(found, 80)}`,
  store_regressed: ({ regression }) => safeText(describeRegression(regression), 300),
  state_contradiction: ({ detail }) => `contradiction: ${safeText(detail)}`,
  ...CONTROL_FINDING_WORDS,
};

function describeRest(count: number, canVerify: boolean): string {
  return canVerify ? `${count} to be asked of the verify hook` : `${count} for a person to settle`;
}

/** A finding in one sentence. */
export function describeFinding(finding: Finding, unit: UnitWord): string {
  // The table is complete for every type; the compiler cannot pair a union with its own entry.
  const describe = FINDING_WORDS[finding.type] as (finding: Finding, unit: UnitWord) => string;
  return describe(finding, unit);
}

type DescribeStep<A extends PlanAction> = (step: Extract<PlanStep, { action: A }>, unit: UnitWord) => string;

const STEP_WORDS: { readonly [A in PlanAction]: DescribeStep<A> } = {
  stop_runner: ({ pid, host }, unit) =>
    `ask the runner (process ${pid} on ${safeText(host, 80)}) to stop after the ${unit} in hand`,
  take_lease: ({ epoch }) => `take the job with epoch ${epoch}; holders before are refused from then on`,
  end_orphans: ({ pids, what }) =>
    `end ${what === 'trainer' ? 'the trainer' : 'what outlived the runner'}, with all that it started: process ${pids.join(', ')}`,
  await_orphans: ({ pids }) => `wait until what outlived the runner ends by itself: ${pids.join(', ')}`,
  settle_units: ({ byReceipt, byVerify, toReview }, unit) => {
    const ways = [
      byReceipt > 0 ? `${byReceipt} by receipt` : '',
      byVerify > 0 ? `${byVerify} by the verify hook` : '',
      toReview > 0 ? `${toReview} left for a person to review` : '',
    ].filter((way) => way !== '');
    return `settle ${formatCount(byReceipt + byVerify + toReview, unit)} in doubt: ${ways.join(', ')}`;
  },
  ask_again: ({ count }, unit) => `ask the verify hook again about ${formatCount(count, unit)} under review`,
  retry_failed_units: ({ count }, unit) => `try ${formatCount(count, `failed ${unit}`)} again`,
  reset_units: ({ count }, unit) => `put ${formatCount(count, unit)} back to the start, with new idempotency keys`,
  run_units: ({ count, unlessDone = 0 }, unit) => {
    if (unlessDone === 0) return `run ${formatCount(count, unit)}`;
    const maybe = `the verify hook says ${unlessDone === 1 ? 'is' : 'are'} not done`;
    const most = `at most ${formatCount(unlessDone, unit)}`;
    return count === 0 ? `run what ${maybe}: ${most}` : `run ${formatCount(count, unit)}, and what ${maybe}: ${most}`;
  },
  mark_cancelled: () => 'record the job as cancelled',
  ...CONTROL_STEP_WORDS,
};

/** What a step of a plan does, in one phrase. */
export function describeStep(step: PlanStep, unit: UnitWord): string {
  const describe = STEP_WORDS[step.action] as (step: PlanStep, unit: UnitWord) => string;
  return describe(step, unit);
}

/** What a done row of a job with this receipt label would be created twice. Source: contract, restart's warning. */
const EFFECTS: ReadonlyMap<string, string> = new Map([['tracking', 'duplicate shipments']]);

const WARNING_WORDS: Readonly<Record<PlanWarning['code'], (warning: PlanWarning) => string>> = {
  WOULD_REPEAT: ({ count = 0, label, unit = 'row' }) => {
    const [rows, one] = [formatCount(count, unit), count === 1];
    const these = one ? `this ${unit}` : `these ${unit}s`;
    if (label === undefined)
      return `WARNING: ${rows} ${one ? 'is' : 'are'} already done. Restarting will do ${these} again.`;
    const name = label === 'receipt' ? 'receipt' : `${safeText(label, 40)} number`;
    const effect = EFFECTS.get(label) ?? 'duplicates';
    return `WARNING: ${rows} already ${one ? `has a ${name}` : `have ${name}s`}. Restarting will create ${effect} for ${these}.`;
  },
  MAY_REPEAT: ({ count = 0, unit = 'row' }) =>
    `WARNING: the outcome of ${formatCount(count, unit)} is not known. Restarting may do ${count === 1 ? 'it' : 'them'} again.`,
  UNITS_NEED_REVIEW: ({ count = 0, unit = 'row' }) =>
    `${formatCount(count, unit)} under review ${count === 1 ? 'is' : 'are'} left alone; settle ${count === 1 ? 'it' : 'them'} with review.`,
  HEARTBEAT_ONLY: () => 'The runner was on another host; that it is dead is known from its heartbeat alone.',
  UNITS_ABANDONED: ({ count = 0, unit = 'row', isAtMost = false }) =>
    isAtMost
      ? `At most ${formatCount(count, unit)} will not be done: the job goes on until it is stopped.`
      : `${formatCount(count, unit)} will not be done.`,
  OUTCOMES_UNKNOWN: ({ count = 0, unit = 'row' }) =>
    `The outcome of ${formatCount(count, unit)} is not known: ${count === 1 ? 'it' : 'each'} may be done. Cancelling leaves ${count === 1 ? 'it' : 'them'} to be settled.`,
  ORPHANS_LEFT: ({ count = 0 }) =>
    `${count} left-over ${count === 1 ? 'process goes' : 'processes go'} on working; cancelling does not end ${count === 1 ? 'it' : 'them'}.`,
  ...CONTROL_WARNING_WORDS,
};

/** A warning in one sentence. */
export function describeWarning(warning: PlanWarning): string {
  return WARNING_WORDS[warning.code](warning);
}
