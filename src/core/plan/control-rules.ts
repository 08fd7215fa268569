/**
 * Guardrails of a training control directory. Every action is allowed from every recorded state; what stops one is
 * access, a file that cannot be trusted, or a checkpoint that cannot be loaded.
 *
 * Source: formats/tau 3 (order, fail-closed conditions, phrases); design, rule 5.
 */

import { findEnd, isSeenToEnd, needsCheckpoint } from '../diagnosis/diagnose-control.ts';
import type { CheckpointEvidence, ControlFacts } from '../evidence/control-schema.ts';
import type { AccessAction } from './access.ts';
import { checkAccess } from './access.ts';
import type { ChoiceContext, Reason, Rule } from './choice-context.ts';

/** The rules in the order the format's first reader tries them. */
export const CONTROL_RULES: readonly Rule[] = [
  checkRestart,
  checkPolicy,
  checkFiles,
  checkAuditLog,
  checkOvertaken,
  checkTrainer,
  checkFinished,
  checkRestore,
  checkRollback,
];

/** The name a policy knows an action by. Source: formats/tau 2.2. */
export function formatActionKey(choice: string): `control:rl:${string}` {
  return `control:rl:${choice}`;
}

function checkRestart({ choice, evidence: { job } }: ChoiceContext): Reason | undefined {
  if (choice !== 'restart') return undefined;
  const message =
    'a training control directory knows no restart: start the trainer with its own command, or resume or roll back';
  return { code: 'CHOICE_UNSUPPORTED', message, details: { source: job.source } };
}

function checkPolicy({ choice, authority: { policy, principal } }: ChoiceContext): Reason | undefined {
  const action: AccessAction = formatActionKey(choice);
  const { allowed, reasonCode } = checkAccess(policy, principal, action);
  if (allowed) return undefined;
  const failed = 'failed to authorize prompt-optimization lifecycle control action';
  if (policy.type === 'invalid') {
    return { code: 'POLICY_INVALID', message: `${failed}: ${policy.problem}`, details: { path: policy.path } };
  }
  const message = `${failed}: unauthorized rl lifecycle action: principal=${principal} action=${action} reason_code=${reasonCode}`;
  return { code: 'ACCESS_DENIED', message, details: { principal, action, reason_code: reasonCode } };
}

/** A file that is there and cannot be trusted stops every action: its content would be lost. A report is kept aside. */
function checkFiles({ evidence: { control } }: ChoiceContext): Reason | undefined {
  const bad = control?.files.find(
    ({ what, state }) =>
      (what === 'control_state' || what === 'status') && (state === 'invalid' || state === 'unreadable'),
  );
  if (!bad) return undefined;
  const { path, what, problem } = bad;
  const { message = 'it cannot be read', ...place } = problem ?? {};
  return { code: 'CONTROL_FILE_INVALID', message: `${path}: ${message}`, details: { path, what, ...place } };
}

/** Only a resume replays the history. */
function checkAuditLog({ choice, evidence: { audit, control } }: ChoiceContext): Reason | undefined {
  const log = control?.files.find(({ what }) => what === 'audit_log');
  if (choice !== 'resume' && log?.state !== 'unreadable') return undefined;
  if (log?.state === 'unreadable') {
    const message = `${log.path}: ${log.problem?.message ?? 'it cannot be read'}`;
    return { code: 'CONTROL_FILE_INVALID', message, details: { path: log.path, what: log.what } };
  }
  if (!audit.broken) return undefined;
  const { sequence, expected, found } = audit.broken;
  const place = `failed to parse training control audit line ${sequence} from '${log?.path ?? ''}'`;
  const message = `resume recovery guardrail: ${place}: expected ${expected}, found ${found}`;
  return { code: 'AUDIT_BROKEN', message, details: { path: log?.path ?? null, line: sequence, expected, found } };
}

/** A state that was put back says that a job runs which somebody cancelled since. What is recorded anew has its row. */
function checkOvertaken({ choice, evidence: { control } }: ChoiceContext): Reason | undefined {
  if (choice !== 'resume' || !control?.overtaken) return undefined;
  const { action, line } = control.overtaken;
  const message = `the control state says ${control.lifecycle}, and the last row of the audit log, line ${line}, is a later ${action}: pause or cancel first, then resume`;
  return { code: 'STATE_CONTRADICTION', message, details: { line, action, lifecycle: control.lifecycle } };
}

/** Two trainers would write the same checkpoints. */
function checkTrainer({ choice, evidence: { orphans } }: ChoiceContext): Reason | undefined {
  const trainer = choice === 'resume' || choice === 'rollback' ? orphans[0] : undefined;
  if (!trainer) return undefined;
  const message = `the trainer that was started here still runs: process ${trainer.pid} (${trainer.command})`;
  return { code: 'RUNNER_ALIVE', message, details: { pid: trainer.pid, command: trainer.command } };
}

/**
 * A run that came to its end is not trained again by whoever says resume in a loop. Recording it again starts nothing, so
 * that stays allowed, as the format has it, unless Salvor's own record of the end would be lost by it.
 */
function checkFinished({ choice, diagnosis, evidence: { control, job } }: ChoiceContext): Reason | undefined {
  if (choice !== 'resume' || diagnosis.verdict !== 'finished' || !control) return undefined;
  if (control.command === undefined && !isSeenToEnd(control)) return undefined;
  const end = findEnd(control);
  const proof = end ? `its status says ${end.runState}` : 'the trainer that was started here ended with exit code 0';
  const message = `job '${job.name}' is finished: ${proof}; to train on, pause it first, then resume`;
  return { code: 'JOB_FINISHED', message, details: { run_state: end?.runState ?? null } };
}

/** Nothing goes on without a checkpoint that loads where one is needed. */
function checkRestore({ choice, diagnosis, evidence }: ChoiceContext): Reason | undefined {
  const { control, checkpoints = [] } = evidence;
  const { crashDetected } = diagnosis;
  if (choice !== 'resume' || !control || control.restore.source !== undefined) return undefined;
  if (!needsCheckpoint(evidence, crashDetected)) return undefined;
  const { refused, failures } = control.restore;
  const pathOf = (source: string) => checkpoints.find((one) => one.source === source)?.path ?? 'none';
  const paths = `primary='${pathOf('primary')}' fallback='${pathOf('fallback')}'`;
  const why = refused
    ? 'the checkpoint to go back to cannot be loaded'
    : crashDetected
      ? 'crash detected but checkpoint restore failed'
      : 'no checkpoint can be loaded, and the trainer would begin from nothing';
  const details = { crash_detected: crashDetected, diagnostics: failures, checkpoints: checkpoints.map(describe) };
  return {
    code: refused ? refused.code : 'CHECKPOINT_NONE_VALID',
    message: `resume recovery guardrail: ${why}: ${paths}: ${failures.join('; ')}`,
    details: { ...details, ...(refused && { path: refused.path }) },
  };
}

function describe({ source, path, grade, problem }: CheckpointEvidence): unknown {
  return { source, path, grade, ...(problem && { problem }) };
}

function checkRollback({ choice, evidence }: ChoiceContext): Reason | undefined {
  if (choice !== 'rollback') return undefined;
  const named = findNamed(evidence.checkpoints);
  if (!named) {
    const message = 'a rollback needs the checkpoint to go back to: a path, primary or fallback';
    return { code: 'CHECKPOINT_MISSING', message, details: {} };
  }
  const { problem, path } = named;
  if (!problem) return undefined;
  const { code, message, ...place } = problem;
  return {
    code: isRefusalCode(code) ? code : 'CHECKPOINT_INVALID',
    message: `failed to load rollback checkpoint '${path}': ${message}`,
    details: { path, ...place },
  };
}

const REFUSAL_CODES = [
  'CHECKPOINT_MISSING',
  'CHECKPOINT_UNREADABLE',
  'CHECKPOINT_INVALID',
  'CHECKPOINT_VERSION_UNSUPPORTED',
] as const;

function isRefusalCode(code: string): code is (typeof REFUSAL_CODES)[number] {
  return REFUSAL_CODES.some((known) => known === code);
}

/** The checkpoint that was asked for by its path. */
export function findNamed(checkpoints: readonly CheckpointEvidence[] = []): CheckpointEvidence | undefined {
  return checkpoints.find((one) => one.source === 'named');
}

/** The checkpoint that a resume takes, where it is now. */
export function findChosen(
  { restore }: ControlFacts,
  checkpoints: readonly CheckpointEvidence[] = [],
): CheckpointEvidence | undefined {
  return checkpoints.find(({ source, path }) => source === restore.source && path === restore.path);
}

/** The same where it is once the resume has made it the primary, when it has to. */
export function findTaken(
  control: ControlFacts,
  checkpoints: readonly CheckpointEvidence[] = [],
): CheckpointEvidence | undefined {
  const chosen = findChosen(control, checkpoints);
  const primary = checkpoints.find(({ source }) => source === 'primary');
  return chosen && control.restore.mustReplace && primary
    ? { ...chosen, source: 'primary', path: primary.path }
    : chosen;
}
