import { RecoveryError } from '../core/errors.ts';
import type { ActingChoice, JobError } from '../core/job/schema.ts';
import { openQuestions } from '../core/plan/build-plan.ts';
import type { Plan } from '../core/plan/schema.ts';
import type { ForeignAnswer } from '../core/ports.ts';
import type { RecoveryReport } from '../core/report/schema.ts';
import type { Session, SessionState } from '../core/session/schema.ts';
import { systemClock } from '../platform/clock.ts';
import { safeText } from '../present/safe-text.ts';
import { chooseUnitWord, describeFinding, describeStep, describeWarning } from '../present/words.ts';
import type { CommandContext } from './command-context.ts';
import { type ActOptions, openSession } from './compose.ts';
import type { FoundJob } from './open-places.ts';
import { readAnswers } from './question-flags.ts';
import { showProgress } from './show-progress.ts';
import { stopOnSignals } from './stop-on-signals.ts';
import { translateQuestions } from './translate-evidence.ts';

/** What a scripted recovery came to. `answer` is what --json prints. */
export type Recovered =
  | {
      readonly type: 'report';
      readonly answer: RecoveryReport;
      readonly reportPath: string | undefined;
      /** Why it ended short, when it did. */
      readonly error?: JobError;
      readonly foreign?: ForeignAnswer;
      readonly exitCode: number;
      /** Exit code of the signal that was heard, whether or not it was in time to stop the job. */
      readonly signalExitCode: number | undefined;
    }
  | {
      readonly type: 'dry_run';
      readonly answer: unknown;
      readonly lines: readonly string[];
      readonly exitCode: number;
    };

/**
 * Recovers one job through the very session the console uses: look, choose, decide, agree, carry out.
 *
 * Errors: whatever the session refuses with; CONFIRMATION_NEEDED when a restart would do completed units again.
 * Source: design, the flow; contract, exit codes.
 */
export async function recoverJob(
  context: CommandContext,
  job: FoundJob,
  { choice, options }: { readonly choice: ActingChoice; readonly options: ActOptions },
): Promise<Recovered> {
  const { asked, config } = context;
  const session = openSession(job.place, job.ref.id, options);
  const seen = await ask(session, { type: 'inspect' }, 'diagnosed');
  const { plan } = await ask(session, { type: 'choose', choice, answers: readAnswers(asked) }, 'planned');
  if (options.dryRun) return describeDryRun(job, plan, seen);
  if (plan.wouldRepeat > 0 && !asked.switches.has('yes')) throw describeConfirmation(plan);
  const consent = {
    planDigest: plan.digest,
    principal: config.principal,
    atMs: systemClock.nowMs(),
    form: 'flag' as const,
    ...(asked.texts.reason !== undefined && { reason: asked.texts.reason }),
  };
  const signals = stopOnSignals((signal) => session.send({ type: 'stop', signal }));
  const progress = showProgress(session, context);
  try {
    for (const warning of plan.warnings) context.output.note(describeWarning(warning));
    const { report, reportPath, error, foreign } = await ask(session, { type: 'approve', consent }, 'reported');
    // A job that came to its end in spite of a signal, or was taken over meanwhile, was not ended by the signal.
    const { exit_code: exitCode } = report.outcome;
    return {
      type: 'report',
      answer: report,
      reportPath,
      exitCode,
      signalExitCode: signals.exitCode(),
      ...(error && { error }),
      ...(foreign && { foreign }),
    };
  } finally {
    progress.close();
    signals.close();
  }
}

type Stage = SessionState['stage'];

/** Says something to the session and waits until it is through; what it refused is thrown. */
async function ask<S extends Stage>(
  session: Session,
  command: Parameters<Session['send']>[0],
  stage: S,
): Promise<Extract<SessionState, { stage: S }>> {
  session.send(command);
  await session.idle();
  const state = session.snapshot();
  if (state.stage === 'refused') throw state.error;
  if (isStage(state, stage)) return state;
  throw new RecoveryError('INTERNAL', `the session is ${state.stage} after ${command.type}; expected ${stage}`);
}

function isStage<S extends Stage>(state: SessionState, stage: S): state is Extract<SessionState, { stage: S }> {
  return state.stage === stage;
}

function describeConfirmation(plan: Plan): RecoveryError {
  const warnings = plan.warnings.map(describeWarning).join(' ');
  return new RecoveryError('CONFIRMATION_NEEDED', `${warnings} ${plan.wouldRepeat} would be done twice.`, {
    details: { job: plan.jobId, choice: plan.choice, would_repeat: plan.wouldRepeat, plan_digest: plan.digest },
  });
}

function describeDryRun(job: FoundJob, plan: Plan, seen: Extract<SessionState, { stage: 'diagnosed' }>): Recovered {
  const unit = chooseUnitWord(seen.evidence);
  const steps = plan.steps.map((step) => ({ action: step.action, detail: describeStep(step, unit) }));
  const warnings = plan.warnings.map((warning) => ({ code: warning.code, message: describeWarning(warning) }));
  const questions = translateQuestions(plan.questions);
  const { id, name, kind, source } = job.ref;
  const findings = seen.diagnosis.findings.map((finding) => describeFinding(finding, unit));
  return {
    type: 'dry_run',
    exitCode: 0,
    answer: {
      schema_version: 1,
      dry_run: true,
      job: { id, name, kind, source },
      choice: plan.choice,
      verdict: seen.diagnosis.verdict,
      diagnostics: findings,
      plan: { digest: plan.digest, steps, warnings, questions },
      would_repeat: plan.wouldRepeat,
      confirmation_needed: plan.wouldRepeat > 0,
    },
    lines: [
      `Would ${plan.choice} job ${id} '${safeText(name, 200)}' (plan ${plan.digest.slice(0, 12)}):`,
      ...steps.map((step, index) => `  ${index + 1}. ${step.detail}`),
      ...warnings.map((warning) => `  ! ${warning.message}`),
      ...openQuestions(plan).map(({ id, unanswered }) => `  ? ${id}: ${safeText(unanswered.message)}`),
      'Nothing was changed.',
    ],
  };
}
