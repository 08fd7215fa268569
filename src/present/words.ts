/** What verdicts, findings, steps and warnings are called. Every foreign text in them is made safe here. */
import type { DeathProof, Diagnosis, FoundFact } from '../core/diagnosis/schema.ts';
import type { Evidence, LeaseHolder } from '../core/evidence/schema.ts';
import type { FamilyVocabulary } from '../core/families/vocabulary.ts';
import { assembleProgress, type Progress, type Verdict } from '../core/job/schema.ts';
import { describeRegression } from '../core/plan/describe-regression.ts';
import type { PlanAction, PlanStep, PlanWarning } from '../core/plan/schema.ts';
import type { Looked } from '../core/session/schema.ts';
import { describeOpen } from './families/describe-open.ts';
import type { FindingWords, StepWords, UnitWord, WarningWords } from './families/family-words.ts';
import { findWord, wordsOf } from './families/registry.ts';
import { formatTime } from './format.ts';
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
  unknown: 'unknown: Salvor cannot tell whether it runs',
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
  const said = wordsOf(evidence.job).prompt.standing?.({ evidence, diagnosis });
  return (
    said ?? describeVerdict(diagnosis, evidence.units && assembleProgress(evidence.units.counts, evidence.units.unit))
  );
}

const PROOF_WORDS: Readonly<Record<DeathProof, string>> = {
  boot_changed: 'the host was restarted since',
  lock_free: 'its lock is free',
  pid_reused: 'its pid belongs to another process now',
  pid_gone: 'there is no such process',
  heartbeat_expired: 'its heartbeat stopped (the only evidence from another host)',
};

function nameRunner(holder: LeaseHolder): string {
  return `process ${holder.pid} on ${safeText(holder.host, 80)} (epoch ${holder.epoch})`;
}

/** What the units of a job are called; of a batch, rows, whether or not they are known yet. */
export function chooseUnitWord({ units, job }: Pick<Evidence, 'units' | 'job'>): UnitWord {
  return units?.unit ?? (job.kind === 'batch' ? 'row' : 'step');
}

const FINDING_WORDS: FindingWords<Exclude<FoundFact['type'], FamilyVocabulary['finding']['type']>> = {
  runner_alive: ({ holder, deadFromMs }) =>
    deadFromMs === undefined
      ? `running: ${nameRunner(holder)} holds the job's lock`
      : `running by its heartbeat alone: ${nameRunner(holder)} was last heard of at ${formatTime(holder.heartbeatAtMs)}, and its lock is not seen held; unless it is heard of again, it counts as dead from ${formatTime(deadFromMs)} on`,
  runner_stalled: ({ holder, reason }) =>
    `running but stalled: ${nameRunner(holder)} ${reason === 'stopped' ? `is stopped (SIGSTOP); kill -CONT ${holder.pid} lets it go on` : `has a late heartbeat, last ${formatTime(holder.heartbeatAtMs)}`}`,
  stop_pending: ({ holder, principal, askedAtMs }) =>
    `${safeText(principal, 80)} asked ${nameRunner(holder)} to stop at ${formatTime(askedAtMs)}; it has not yet`,
  runner_dead: ({ holder, proof }) => `crashed: ${nameRunner(holder)} is dead: ${PROOF_WORDS[proof]}`,
  runner_stopped: ({ holder }) => `stopped on request at ${formatTime(holder.releasedAtMs ?? holder.heartbeatAtMs)}`,
  never_started: () => 'recorded as running, and nobody ever held it',
  liveness_unknown: ({ reason }) => `Salvor cannot tell whether it runs: ${safeText(reason)}`,
  run_failed: ({ error }) =>
    error ? `the run failed: ${safeText(error.code, 60)}: ${safeText(error.message)}` : 'the run failed',
  fenced_runner_alive: ({ holder }) => `cancelled, but ${nameRunner(holder)} still lives; nothing it says is accepted`,
  orphan_running: ({ orphan }, unit) =>
    `orphan: process ${orphan.pid} (${safeText(orphan.command, 120)}) still works${orphan.unitNumber === undefined ? '' : ` on ${unit} ${orphan.unitNumber}`}`,
  prerequisite_bad: ({ prerequisite: { what, path, state, expected, found } }) =>
    what === 'command'
      ? `the command ${safeText(path)} ${safeText(found ?? state)}`
      : `${what === 'rows_file' ? 'the rows file' : 'the directory of the job file'} ${safeText(path)} is ${state}${state === 'changed' ? `: sha256 expected ${expected}, found ${found}` : ''}`,
  audit_broken: ({ sequence, expected, found }) =>
    `the audit chain is broken at entry ${sequence}: expected ${expected}, found ${safeText(found, 80)}`,
  store_regressed: ({ regression }) => safeText(describeRegression(regression), 300),
  state_contradiction: ({ detail }) => `contradiction: ${safeText(detail)}`,
};

/** A finding in one sentence. */
export function describeFinding(finding: FoundFact, unit: UnitWord): string {
  return findWord('findings', finding.type, FINDING_WORDS)(finding, unit);
}

const STEP_WORDS: StepWords<Exclude<PlanAction, FamilyVocabulary['step']['action']>> = {
  stop_runner: ({ pid, host }, unit) =>
    `ask the runner (process ${pid} on ${safeText(host, 80)}) to stop after the ${unit} in hand`,
  take_lease: ({ epoch }) => `take the job with epoch ${epoch}; holders before are refused from then on`,
  end_orphans: ({ pids }) => `end what outlived the runner, with all that it started: process ${pids.join(', ')}`,
  await_orphans: ({ pids }) => `wait until what outlived the runner ends by itself: ${pids.join(', ')}`,
  mark_cancelled: () => 'record the job as cancelled',
};

/** What a step of a plan does, in one phrase. */
export function describeStep(step: PlanStep, unit: UnitWord): string {
  return findWord('steps', step.action, STEP_WORDS)(step, unit);
}

const WARNING_WORDS: WarningWords<Exclude<PlanWarning['code'], FamilyVocabulary['warning']>> = {
  HEARTBEAT_ONLY: () => 'The runner was on another host; that it is dead is known from its heartbeat alone.',
  ORPHANS_LEFT: ({ count = 0 }) =>
    `${count} left-over ${count === 1 ? 'process goes' : 'processes go'} on working; cancelling does not end ${count === 1 ? 'it' : 'them'}.`,
};

/** A warning in one sentence. */
export function describeWarning(warning: PlanWarning): string {
  return findWord('warnings', warning.code, WARNING_WORDS)(warning, warning.unit ?? 'row');
}
