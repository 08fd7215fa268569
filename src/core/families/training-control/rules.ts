/**
 * What stops a choice about a training under someone else's control. Every action is allowed from every recorded state; what stops one is
 * access, a file that cannot be trusted, or a checkpoint that cannot be loaded.
 *
 * Source: formats/tau 3 (order, fail-closed conditions, phrases); design, rule 5.
 */

import type { CheckpointEvidence } from '../../evidence/checkpoint-schema.ts';
import type { ActingChoice } from '../../job/schema.ts';
import type { Rule } from '../../plan/choice-row.ts';
import { allowOnly, refuse } from '../../plan/common-rules.ts';
import { controlOf } from './control-of.ts';
import { findEnd, isSeenToEnd, needsCheckpoint } from './diagnose.ts';
import type { ControlFacts } from './schema.ts';

/** The name a policy knows an action by. Source: formats/tau 2.2. */
export function formatActionKey(choice: string): `control:rl:${string}` {
  return `control:rl:${choice}`;
}

/** Allows what the policy does, in the words of the format's first reader. */
export function allowControl(choice: ActingChoice): Rule {
  const failed = 'failed to authorize prompt-optimization lifecycle control action';
  return allowOnly(
    formatActionKey(choice),
    (found) => `${failed}: ${found.replace('unauthorized:', 'unauthorized rl lifecycle action:')}`,
  );
}

/** A file that is there and cannot be trusted stops every action: its content would be lost. A report is kept aside. */
export const checkFiles: Rule = ({ evidence: { files = [] } }) => {
  const bad = files.find(
    ({ what, state }) =>
      (what === 'control_state' || what === 'status') && (state === 'invalid' || state === 'unreadable'),
  );
  if (!bad) return undefined;
  const { path, what, problem } = bad;
  const { message = 'it cannot be read', ...place } = problem ?? {};
  return refuse('CONTROL_FILE_INVALID', `${path}: ${message}`, { path, what, ...place });
};

/** A log that cannot be read can get no row. */
export const checkLogReadable: Rule = ({ evidence: { files = [] } }) => {
  const log = files.find(({ what }) => what === 'audit_log');
  if (log?.state !== 'unreadable') return undefined;
  const message = `${log.path}: ${log.problem?.message ?? 'it cannot be read'}`;
  return refuse('CONTROL_FILE_INVALID', message, { path: log.path, what: log.what });
};

/** Only a resume replays the history. */
export const checkHistory: Rule = ({ evidence: { audit, files = [] } }) => {
  if (!audit.broken) return undefined;
  const log = files.find(({ what }) => what === 'audit_log');
  const { sequence, expected, found } = audit.broken;
  const place = `failed to parse training control audit line ${sequence} from '${log?.path ?? ''}'`;
  const message = `resume recovery guardrail: ${place}: expected ${expected}, found ${found}`;
  return refuse('AUDIT_BROKEN', message, { path: log?.path ?? null, line: sequence, expected, found });
};

/** A state that was put back says that a job runs which somebody cancelled since. What is recorded anew has its row. */
export const checkOvertaken: Rule = ({ evidence }) => {
  const { overtaken, lifecycle } = controlOf(evidence);
  if (!overtaken) return undefined;
  const { action, line } = overtaken;
  const message = `the control state says ${lifecycle}, and the last row of the audit log, line ${line}, is a later ${action}: pause or cancel first, then resume`;
  return refuse('STATE_CONTRADICTION', message, { line, action, lifecycle });
};

/** Two trainers would write the same checkpoints. */
export const checkTrainer: Rule = ({ evidence: { orphans } }) => {
  const [trainer] = orphans;
  if (!trainer) return undefined;
  const { pid, command } = trainer;
  const message = `the trainer that was started here still runs: process ${pid} (${command})`;
  return refuse('RUNNER_ALIVE', message, { pid, command });
};

/**
 * A run that came to its end is not trained again by whoever says resume in a loop. Recording it again starts nothing, so
 * that stays allowed, as the format has it, unless Salvor's own record of the end would be lost by it.
 */
export const checkFinished: Rule = ({ diagnosis, evidence, answers }) => {
  if (diagnosis.verdict !== 'finished') return undefined;
  const control = controlOf(evidence);
  if (answers['command'] === undefined && !isSeenToEnd(control)) return undefined;
  const end = findEnd(control);
  const proof = end ? `its status says ${end.runState}` : 'the trainer that was started here ended with exit code 0';
  const message = `job '${evidence.job.name}' is finished: ${proof}; to train on, pause it first, then resume`;
  return refuse('JOB_FINISHED', message, { run_state: end?.runState ?? null });
};

/** Nothing goes on without a checkpoint that loads where one is needed. */
export const checkRestore: Rule = ({ diagnosis, evidence, answers }) => {
  const { checkpoints = [] } = evidence;
  const { crashDetected } = diagnosis;
  const { source, refused, failures } = controlOf(evidence).restore;
  if (source !== undefined || !needsCheckpoint(evidence, crashDetected, answers['command'] !== undefined)) {
    return undefined;
  }
  const pathOf = (name: string) => checkpoints.find((one) => one.source === name)?.path ?? 'none';
  const paths = `primary='${pathOf('primary')}' fallback='${pathOf('fallback')}'`;
  const why = refused
    ? 'the checkpoint to go back to cannot be loaded'
    : crashDetected
      ? 'crash detected but checkpoint restore failed'
      : 'no checkpoint can be loaded, and the trainer would begin from nothing';
  const details = { crash_detected: crashDetected, diagnostics: failures, checkpoints: checkpoints.map(describe) };
  const message = `resume recovery guardrail: ${why}: ${paths}: ${failures.join('; ')}`;
  const place = refused && { path: refused.path };
  return refuse(refused ? refused.code : 'CHECKPOINT_NONE_VALID', message, { ...details, ...place });
};

function describe({ source, path, grade, problem }: CheckpointEvidence): unknown {
  return { source, path, grade, ...(problem && { problem }) };
}

/** The checkpoint that was named has to load. */
export const checkNamed: Rule = ({ evidence }) => {
  const named = findNamed(evidence.checkpoints);
  if (!named?.problem) return undefined;
  const { problem, path } = named;
  const { code, message, ...place } = problem;
  const told = `failed to load rollback checkpoint '${path}': ${message}`;
  return refuse(isRefusalCode(code) ? code : 'CHECKPOINT_INVALID', told, { path, ...place });
};

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
