import { chooseAttention } from '../../diagnosis/attention.ts';
import type { Diagnosis, Finding, Severity } from '../../diagnosis/schema.ts';
import type { Evidence, FileFacts } from '../../evidence/schema.ts';
import type { Verdict } from '../../job/schema.ts';
import { controlOf } from './control-of.ts';
import type { ControlFacts, ControlFinding, TrainingStatus } from './schema.ts';

/** Statuses that end a run, and what a job with one of them is. Source: formats/tau 2.3. */
const TERMINAL: ReadonlyMap<string, Verdict> = new Map([
  ['completed', 'finished'],
  ['failed', 'failed'],
  ['cancelled', 'cancelled'],
]);

/** Whether a status ends a run. */
export function isTerminal(runState: string): boolean {
  return TERMINAL.has(runState);
}

/** The end that a run recorded of itself; one of an earlier run, or an older one, does not count. */
export function findEnd({ status }: ControlFacts): TrainingStatus | undefined {
  return status !== undefined && status.stale === undefined && isTerminal(status.runState) ? status : undefined;
}

/** Whether Salvor saw the trainer of the recorded run come to its end by itself. */
export function isSeenToEnd({ trainerEnd }: ControlFacts): boolean {
  return trainerEnd?.exitCode === 0 && !trainerEnd.isStopped;
}

/** Recorded as running, and neither the run nor Salvor says that it ended in good order. */
function isCrash(control: ControlFacts, trainerLives: boolean): boolean {
  if (control.lifecycle !== 'running' || trainerLives) return false;
  return findEnd(control) === undefined && control.trainerEnd?.exitCode !== 0;
}

/**
 * Says what a training control directory means.
 *
 * A crash is: recorded as running, no end of that run recorded, no trainer of Salvor's own alive, and none that Salvor
 * saw end with success. A directory in which nothing was recorded never crashed: whether it runs is unknown.
 *
 * Errors: none. Same evidence, same diagnosis.
 * Source: formats/tau 3 (resume, 2) and 4.7 (a stale end hides a crash there); design, rule 2.
 */
export function diagnoseControl(evidence: Evidence): Diagnosis {
  const control = controlOf(evidence);
  const findings = findAll(evidence, control);
  const { audit, files = [] } = evidence;
  const isDamaged = files.some(isNeeded) || audit.broken !== undefined || control.overtaken !== undefined;
  const trainerLives = evidence.orphans.length > 0;
  const crashDetected = isCrash(control, trainerLives);
  const verdict = isDamaged ? 'inconsistent' : judge(control, trainerLives);
  const hasWay = control.restore.source !== undefined || !needsCheckpoint(evidence, crashDetected);
  const canResume = (verdict === 'interrupted' || verdict === 'failed') && hasWay;
  const attention = chooseAttention({ verdict, runCount: evidence.recorded.runCount });
  return { verdict, attention, crashDetected, findings, ...(canResume && { recommended: 'resume' as const }) };
}

/**
 * Whether a resume may not go on without a checkpoint that loads: after a crash, after a trainer that was seen to end,
 * when a rollback chose one, after a state that was set aside, and when a trainer is to be started where checkpoints are that cannot be loaded, since it would begin from nothing.
 */
export function needsCheckpoint(evidence: Evidence, crashDetected: boolean, willStart = false): boolean {
  const { restore, trainerEnd, lost } = controlOf(evidence);
  if (crashDetected || restore.refused || trainerEnd || lost) return true;
  const isThere = (evidence.checkpoints ?? []).some(
    ({ source, problem }) => source !== 'named' && problem?.code !== 'CHECKPOINT_MISSING',
  );
  return willStart && isThere;
}

function judge(control: ControlFacts, trainerLives: boolean): Verdict {
  if (control.lifecycle === 'cancelled') return 'cancelled';
  if (trainerLives) return 'alive';
  // Also when its trainer died since, which is told: who paused it on purpose says when it goes on, and no timer.
  if (control.lifecycle === 'paused') return 'paused';
  const end = control.lifecycle === 'running' || control.lifecycle === 'missing' ? findEnd(control) : undefined;
  const recorded = end && TERMINAL.get(end.runState);
  if (recorded) return recorded;
  if (isUnrecorded(control)) return 'unknown';
  if (control.lifecycle !== 'running') return 'interrupted';
  if (isSeenToEnd(control)) return 'finished';
  const { exitCode = 0, isStopped = false } = control.trainerEnd ?? {};
  return exitCode > 0 && !isStopped ? 'failed' : 'interrupted';
}

/** Nobody ever said that it runs, and nothing that was begun here waits to be completed: no crash, and no end either. */
function isUnrecorded({ lifecycle, trainerEnd, unfinished }: ControlFacts): boolean {
  return lifecycle === 'missing' && trainerEnd === undefined && unfinished === undefined;
}

function findAll(evidence: Evidence, control: ControlFacts): readonly Finding[] {
  const { checkpoints = [], orphans, audit, files = [] } = evidence;
  const { status, tornLine, unfinished } = control;
  const isCrashed = isCrash(control, orphans.length > 0);
  const crashed: ControlFinding = { type: 'control_crashed', ...(status && { status }) };
  return [
    ...files
      .filter(isBad)
      .map((file) => found(isNeeded(file) ? 'blocks' : 'warning', { type: 'control_file_bad', file })),
    ...(isCrashed ? [found('info', crashed)] : []),
    ...(control.overtaken ? [found('blocks', { type: 'state_overtaken', overtaken: control.overtaken })] : []),
    ...(control.lost ? [found('warning', { type: 'state_lost', lost: control.lost })] : []),
    ...(control.trainerEnd ? [found('warning', { type: 'trainer_ended', end: control.trainerEnd })] : []),
    ...(status?.stale === undefined ? [] : [found('warning', { type: 'status_stale', status })]),
    ...orphans.map((trainer) => found('warning', { type: 'trainer_alive', trainer })),
    ...checkpoints.flatMap((checkpoint): readonly Finding[] => {
      const { problem } = checkpoint;
      const isWanted = isCrashed || checkpoint.source === 'chosen';
      const isTold = problem !== undefined && (isWanted || problem.code !== 'CHECKPOINT_MISSING');
      return isTold ? [found('warning', { type: 'checkpoint_refused', checkpoint })] : [];
    }),
    ...control.restore.notes.map((detail) => found('warning', { type: 'checkpoint_choice', detail })),
    ...findRefusedChoice(control),
    ...(tornLine ? [found('warning', { type: 'audit_torn', tornLine })] : []),
    ...(control.oddRows ?? []).map((row) => found('info', { type: 'audit_row_odd', row })),
    ...(unfinished ? [found('warning', { type: 'action_unfinished', unfinished })] : []),
    ...(audit.broken ? [{ type: 'audit_broken', severity: 'blocks', ...audit.broken } as const] : []),
  ];
}

function found(severity: Severity, finding: ControlFinding): Finding {
  return { severity, ...finding };
}

/** A rollback chose what cannot be loaded: that is the first of what is told then. */
function findRefusedChoice({ restore }: ControlFacts): readonly Finding[] {
  const [detail] = restore.refused ? restore.failures : [];
  return detail === undefined ? [] : [found('blocks', { type: 'checkpoint_choice', detail })];
}

/** A log with a bad line has its own finding, and a policy its own refusal. */
function isBad({ what, state }: FileFacts): boolean {
  if (what === 'access_policy') return false;
  return state === 'unreadable' || (state === 'invalid' && what !== 'audit_log');
}

/** A report is a product: one that is damaged stops nothing. */
function isNeeded(file: FileFacts): boolean {
  return isBad(file) && file.what !== 'recovery_report';
}
