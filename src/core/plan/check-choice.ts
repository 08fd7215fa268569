import { findGuardrail, type Guardrail } from '../diagnosis/guardrails.ts';
import { assembleJobFacts } from '../diagnosis/job-facts.ts';
import type { ErrorCode } from '../errors.ts';
import type { Evidence, LeaseHolder, PrerequisiteFacts } from '../evidence/schema.ts';
import { checkAccess } from './access.ts';
import type { ChoiceContext, Reason, Rule } from './choice-context.ts';
import { CONTROL_RULES } from './control-rules.ts';
import { countAskedAgain } from './count-asked-again.ts';
import { describeRegression } from './describe-regression.ts';
import type { Decisions, Refusal } from './schema.ts';

/** Rules in the order they are tried; the first that refuses is the one that is told. */
const RULES: readonly Rule[] = [checkReadOnly, checkSupport, checkKind, checkPolicy, checkGuardrails];

/** The same for a job under control, where other rules hold: every action is allowed from every recorded state. */
const RULES_UNDER_CONTROL: readonly Rule[] = [checkReadOnly, checkSupport, ...CONTROL_RULES];

/**
 * Says why a choice cannot be taken now, or undefined when it can.
 *
 * Errors: none; a refusal is a value.
 * Source: design, rules 2, 5, 7 and 9; decisions/0003 for what cancel may do where resume may not.
 */
export function checkChoice(context: ChoiceContext, decisions: Decisions = {}): Refusal | undefined {
  for (const rule of context.evidence.control ? RULES_UNDER_CONTROL : RULES) {
    const reason = rule(context, decisions);
    if (!reason) continue;
    const details = { job: context.evidence.job.id, ...reason.details };
    return { ...reason, choice: context.choice, details };
  }
  return undefined;
}

function refuse(code: ErrorCode, message: string, details: Readonly<Record<string, unknown>> = {}): Reason {
  return { code, message, details };
}

function checkReadOnly(context: ChoiceContext): Reason | undefined {
  return context.authority.readOnly ? refuse('READ_ONLY', 'Salvor was started read-only') : undefined;
}

function checkSupport(context: ChoiceContext): Reason | undefined {
  const { source } = context.evidence.job;
  return context.authority.canAct
    ? undefined
    : refuse('CHOICE_UNSUPPORTED', `source ${source} can only be read`, { source });
}

/** Only a job under control can be paused or rolled back. */
function checkKind({ choice, evidence: { job } }: ChoiceContext): Reason | undefined {
  if (choice !== 'pause' && choice !== 'rollback') return undefined;
  return refuse('CHOICE_UNSUPPORTED', `a job of source ${job.source} knows no ${choice}`, { source: job.source });
}

function checkPolicy(context: ChoiceContext): Reason | undefined {
  const { policy, principal } = context.authority;
  if (context.choice === 'pause' || context.choice === 'rollback') return undefined;
  const action = `recover:${context.choice}` as const;
  const { allowed, reasonCode } = checkAccess(policy, principal, action);
  if (allowed) return undefined;
  if (policy.type === 'invalid') {
    return refuse('POLICY_INVALID', policy.problem, { path: policy.path });
  }
  const message = `unauthorized: principal=${principal} action=${action} reason_code=${reasonCode}`;
  return refuse('ACCESS_DENIED', message, { principal, action, reason_code: reasonCode });
}

/** What stops a choice whoever asks for it, by the very rules that recommendations follow. */
function checkGuardrails(context: ChoiceContext, decisions: Decisions): Reason | undefined {
  const { choice, evidence, diagnosis } = context;
  if (choice === 'pause' || choice === 'rollback') return undefined;
  const asksAgain = countAskedAgain(evidence.units, decisions) > 0;
  const guardrail = findGuardrail(choice, { ...assembleJobFacts(evidence), verdict: diagnosis.verdict, asksAgain });
  return guardrail && REASONS[guardrail](context);
}

const REASONS: Readonly<Record<Guardrail, (context: ChoiceContext) => Reason>> = {
  audit: describeAudit,
  regression: describeRegressed,
  ended: describeEnded,
  contradiction: describeContradiction,
  holder: describeHeld,
  prerequisites: describePrerequisites,
  work: describeWork,
  review: ({ evidence }) => describeNoReview(evidence),
};

function describeAudit({ evidence: { audit } }: ChoiceContext): Reason {
  const { broken = { sequence: 0, expected: '', found: '' } } = audit;
  const message = `the audit chain is broken at entry ${broken.sequence}: expected ${broken.expected}, found ${broken.found}`;
  return refuse('AUDIT_BROKEN', message, broken);
}

/** Rows that are to do in an older store may be done: not even cancel speaks for a job that is not what it was. */
function describeRegressed({ evidence: { regression } }: ChoiceContext): Reason {
  const told = regression ?? { what: 'mark' as const, recorded: '', found: '' };
  return refuse('STORE_REGRESSED', describeRegression(told), told);
}

function describeEnded({ diagnosis, evidence }: ChoiceContext): Reason {
  const { name } = evidence.job;
  if (diagnosis.verdict === 'cancelled') return refuse('JOB_CANCELLED', `job '${name}' was cancelled`);
  return refuse('JOB_FINISHED', `job '${name}' is finished`);
}

function describeContradiction({ diagnosis }: ChoiceContext): Reason {
  const found = diagnosis.findings.find((finding) => finding.type === 'state_contradiction');
  return refuse('STATE_CONTRADICTION', found?.detail ?? 'the records of the job contradict each other');
}

function describeHeld({ diagnosis: { findings } }: ChoiceContext): Reason {
  const living = findings.find((finding) => finding.type === 'runner_alive' || finding.type === 'runner_stalled');
  if (living) {
    const { holder } = living;
    const state = living.type === 'runner_stalled' ? ' (it is stalled)' : '';
    return refuse('RUNNER_ALIVE', `${describeHolder(holder)} holds the job${state}`, {
      holder: pickHolder(holder),
    });
  }
  const unknown = findings.find((finding) => finding.type === 'liveness_unknown');
  const reason = unknown?.reason ?? 'its holder cannot be looked at';
  return refuse('LIVENESS_UNKNOWN', `whether the job still runs cannot be told: ${reason}`);
}

/** The holder as the data of an error. */
export function pickHolder(holder: LeaseHolder): Readonly<Record<string, unknown>> {
  const { host, pid, epoch, principal, acquiredAtMs } = holder;
  return { host, pid, epoch, principal, acquired_at: new Date(acquiredAtMs).toISOString() };
}

/** Names a holder so that it can be found. */
export function describeHolder(holder: LeaseHolder): string {
  const since = new Date(holder.acquiredAtMs).toISOString();
  return `${holder.principal} (process ${holder.pid} on ${holder.host}, since ${since}, epoch ${holder.epoch})`;
}

const ROWS_FILE_CODES = {
  changed: 'ROWS_FILE_CHANGED',
  missing: 'ROWS_FILE_MISSING',
  unreadable: 'ROWS_FILE_MISSING',
} as const satisfies Record<Exclude<PrerequisiteFacts['state'], 'unchanged'>, ErrorCode>;

function describePrerequisites({ evidence }: ChoiceContext): Reason {
  const bad = evidence.prerequisites.find(({ state }) => state !== 'unchanged');
  if (!bad || bad.state === 'unchanged') return refuse('PREREQUISITE_MISSING', 'what the job needs was not looked at');
  const { what, path, state, expected, found } = bad;
  if (what === 'command') {
    return refuse('PREREQUISITE_MISSING', `the command ${path} ${found}`, { command: path });
  }
  if (what === 'job_directory') {
    const message = `the directory of the job file, ${path}, is ${state} (${found})`;
    return refuse('PREREQUISITE_MISSING', message, { path, found });
  }
  const message =
    state === 'changed'
      ? `the rows file ${path} was changed since the job started: sha256 expected ${expected}, found ${found}`
      : `the rows file ${path} is ${state} (${found})`;
  return refuse(ROWS_FILE_CODES[state], message, { path, expected, found });
}

function describeWork({ evidence: { units, job } }: ChoiceContext): Reason {
  const review = units?.counts.needs_review ?? 0;
  return refuse('REVIEW_NEEDED', `job '${job.name}' has nothing left to run; ${countWaiting(review)} for review`, {
    units: review,
  });
}

/** Why there is nothing to review. Nobody asks for a plan of a review; its proposal says this. Errors: none. */
export function describeNoReview({ units }: Pick<Evidence, 'units'>): Reason {
  const unit = units?.unit ?? 'unit';
  const inHand = units?.counts.in_doubt ?? 0;
  const held = inHand > 0 ? `; ${inHand} ${inHand === 1 ? 'is' : 'are'} in hand of its runner` : '';
  return refuse('REVIEW_EMPTY', `no ${unit} waits for review${held}`);
}

function countWaiting(count: number): string {
  return count === 1 ? '1 unit waits' : `${count} units wait`;
}
