/** Why a choice of a job with units cannot be taken, in words. Source: design, rules 2, 5, 7 and 9; decisions/0003. */
import { assembleJobFacts } from '../../diagnosis/job-facts.ts';
import { judgeLiveness } from '../../diagnosis/judge-liveness.ts';
import { judgeReach } from '../../diagnosis/judge-reach.ts';
import type { FoundFact } from '../../diagnosis/schema.ts';
import type { ErrorCode } from '../../errors.ts';
import type { PrerequisiteFacts } from '../../evidence/schema.ts';
import type { ChoiceContext, Rule } from '../../plan/choice-row.ts';
import { refuse } from '../../plan/common-rules.ts';
import { describeHolder, pickHolder } from '../../plan/describe-holder.ts';
import { describePlace } from '../../plan/describe-place.ts';
import { describeRegression } from '../../plan/describe-regression.ts';
import type { Reason } from '../../plan/schema.ts';
import { countAskedAgain } from './count-asked-again.ts';
import { findGuardrail, type Guardrail, type UnitsChoice } from './guardrails.ts';

/** What stops a choice whoever asks for it, by the very rules that recommendations follow. */
export function guard(choice: UnitsChoice): Rule {
  return (context) => {
    const { evidence, diagnosis, answers } = context;
    const asksAgain = countAskedAgain(evidence.units, answers) > 0;
    const { verdict } = diagnosis;
    const isInReach = evidence.liveness !== undefined && judgeReach(evidence.liveness) === 'here';
    const facts = { ...assembleJobFacts(evidence), verdict, asksAgain, isInReach };
    const guardrail = findGuardrail(choice, facts);
    return guardrail && REASONS[guardrail](context);
  };
}

const REASONS: Readonly<Record<Guardrail, (context: ChoiceContext) => Reason>> = {
  audit: describeAudit,
  regression: describeRegressed,
  ended: describeEnded,
  contradiction: describeContradiction,
  holder: describeHeld,
  idle: describeIdle,
  reach: describeOutOfReach,
  prerequisites: describePrerequisites,
  work: describeWork,
  review: describeNoReview,
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

function describeHeld({ diagnosis: { findings }, evidence: { liveness } }: ChoiceContext): Reason {
  const living = findings.find((finding) => finding.type === 'runner_alive' || finding.type === 'runner_stalled');
  if (living) {
    const { holder } = living;
    const reach = liveness ? judgeReach(liveness) : 'here';
    const place = reach === 'here' ? '' : `; it runs ${describePlace(holder, { reach, uid: liveness?.uid })}`;
    return refuse('RUNNER_ALIVE', `${describeHolder(holder)} ${describeHolding(living)}${place}`, {
      holder: pickHolder(holder),
    });
  }
  const unknown = findings.find((finding) => finding.type === 'liveness_unknown');
  const reason = unknown?.reason ?? 'its holder cannot be looked at';
  return refuse('LIVENESS_UNKNOWN', `Salvor cannot tell whether the job still runs: ${reason}`);
}

function describeHolding(living: Extract<FoundFact, { type: 'runner_alive' | 'runner_stalled' }>): string {
  if (living.type === 'runner_stalled') return 'holds the job (it is stalled)';
  const { holder, deadFromMs } = living;
  if (deadFromMs === undefined) return 'holds the job';
  const [heard, dead] = [holder.heartbeatAtMs, deadFromMs].map((atMs) => new Date(atMs).toISOString());
  return `may hold the job: it was last heard of at ${heard} and, unless it is heard of again, counts as dead from ${dead} on`;
}

function describeIdle({ evidence: { job } }: ChoiceContext): Reason {
  return refuse('RUNNER_MISSING', `nobody runs job '${job.name}'`);
}

/** Names where to go: what is asked of a process is asked where it runs. */
function describeOutOfReach(context: ChoiceContext): Reason {
  const { job, lease, liveness } = context.evidence;
  if (!lease || !liveness) return describeIdle(context);
  const who = describeHolder(lease);
  const details = { holder: pickHolder(lease) };
  const judgement = judgeLiveness(lease, liveness);
  if (judgement.type === 'unknown') {
    const message = `Salvor cannot tell whether ${who} still runs job '${job.name}': ${judgement.reason}`;
    return refuse('LIVENESS_UNKNOWN', message, details);
  }
  const place = describePlace(lease, { reach: judgeReach(liveness), uid: liveness.uid });
  return refuse('RUNNER_OUT_OF_REACH', `${who} runs job '${job.name}' ${place}`, details);
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

function describeNoReview({ evidence: { units } }: ChoiceContext): Reason {
  const unit = units?.unit ?? 'unit';
  const inHand = units?.counts.in_doubt ?? 0;
  const held = inHand > 0 ? `; ${inHand} ${inHand === 1 ? 'is' : 'are'} in hand of its runner` : '';
  return refuse('REVIEW_EMPTY', `no ${unit} waits for review${held}`);
}

function countWaiting(count: number): string {
  return count === 1 ? '1 unit waits' : `${count} units wait`;
}
