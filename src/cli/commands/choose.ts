import { RecoveryError, toRecoveryError } from '../../core/errors.ts';
import { type ActingChoice, CHOICES, type Choice } from '../../core/job/schema.ts';
import { sayOfReport, wordsOf } from '../../present/families/registry.ts';
import { describeLeft, describeOutcome } from '../../present/report-text.ts';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';
import { type ActOptions, readActOptions } from '../compose.ts';
import type { ElsewhereOptions } from '../detached/act-in-process.ts';
import { chooseExitCode, EXIT_CODES } from '../exit-codes.ts';
import { type FoundJob, openPlaces } from '../open-places.ts';
import { tellError, translateError } from '../output.ts';
import type { Asked } from '../parse-args.ts';
import { readPlacePolicies } from '../place-policies.ts';
import { type Recovered, recoverJob } from '../recover-job.ts';
import { selectJobs } from '../select-jobs.ts';

/**
 * `salvor --choice ...`: recovers one job or several without the console.
 *
 * Source: contract, commands; several jobs are each recovered on their own.
 */
export async function runChoose(context: CommandContext): Promise<number> {
  const { asked, config, version, output, programPath } = context;
  const choice = parseChoice(asked);
  const places = openPlaces(config, asked.positionals, asked.texts.source);
  const { jobs, several, lost = [] } = await selectJobs(places, asked, choice);
  if (choice === 'review') return runReview(context, jobs, several);
  const base = await readActOptions(config, asked, version);
  const options: ActOptions = {
    ...base,
    placePolicies: await readPlacePolicies(config, places),
    dryRun: asked.switches.has('dry-run'),
    onWarning: ({ code, message }) => output.note(`${code}: ${safeText(message, 600)}`),
    ...(asked.switches.has('detach') && { background: { programPath, actIn: await makeApart(base, programPath) } }),
  };
  if (!several && jobs[0]) {
    const recovered = await recoverJob(context, jobs[0], { choice, options });
    tellOne(context, jobs[0], recovered);
    return recovered.exitCode;
  }
  const outcomes = await recoverAll(context, jobs, { choice, options });
  for (const error of lost) tellError({ ...output, json: false }, error);
  if (output.json) output.printJson(assembleAnswer(outcomes, lost));
  const cutShort = outcomes.length < jobs.length ? findSignal(outcomes.at(-1)) : undefined;
  return (
    cutShort ?? chooseExitCode([...outcomes.map((one) => one.exitCode), ...lost.map(({ code }) => EXIT_CODES[code])])
  );
}

/** Errors: USAGE_INVALID for a flag that does not go with the choice. */
function parseChoice({ texts, switches }: Asked): Choice {
  const choice = CHOICES.find((known) => known === texts.choice);
  if (!choice) throw new RecoveryError('USAGE_INVALID', `--choice needs one of ${CHOICES.join(', ')}`);
  if (choice === 'rollback' && texts.checkpoint === undefined)
    throw new RecoveryError('USAGE_INVALID', '--choice rollback needs --checkpoint PATH, primary or fallback');
  if (choice !== 'rollback' && texts.checkpoint !== undefined)
    throw new RecoveryError('USAGE_INVALID', '--checkpoint goes with --choice rollback alone');
  if (choice !== 'resume' && texts.exec !== undefined)
    throw new RecoveryError('USAGE_INVALID', '--exec goes with --choice resume alone');
  if (choice !== 'resume' && switches.has('verify-again'))
    throw new RecoveryError('USAGE_INVALID', '--verify-again goes with --choice resume alone');
  return choice;
}

/** Loaded when asked for, as all that starts processes is: a job is cancelled without it. */
async function makeApart(base: Omit<ElsewhereOptions, 'programPath' | 'detach'>, programPath: string) {
  const { actInProcess } = await import('../detached/act-in-process.ts');
  return actInProcess({ ...base, programPath, detach: true });
}

type Outcome = {
  readonly job: FoundJob;
  readonly exitCode: number;
  readonly recovered?: Recovered;
  readonly error?: RecoveryError;
};

async function recoverAll(
  context: CommandContext,
  jobs: readonly FoundJob[],
  how: { readonly choice: ActingChoice; readonly options: ActOptions },
): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const job of jobs) {
    try {
      const recovered = await recoverJob(context, job, how);
      tellOne({ ...context, output: { ...context.output, printJson: () => {} } }, job, recovered);
      outcomes.push({ job, recovered, exitCode: recovered.exitCode });
    } catch (thrown) {
      const error = toRecoveryError(thrown);
      const { id, name } = job.ref;
      tellError({ ...context.output, json: false }, error, `Job ${id} '${safeText(name, 200)}'`);
      outcomes.push({ job, error, exitCode: EXIT_CODES[error.code] });
    }
    // A signal is for all that is asked, not for the job in hand alone.
    if (findSignal(outcomes.at(-1)) !== undefined) break;
  }
  return outcomes;
}

function findSignal(outcome: Outcome | undefined): number | undefined {
  return outcome?.recovered?.type === 'report' ? outcome.recovered.signalExitCode : undefined;
}

function assembleAnswer(outcomes: readonly Outcome[], lost: readonly RecoveryError[]): unknown {
  return {
    schema_version: 1,
    reports: outcomes.flatMap((one) => (one.recovered ? [pickAnswer(one.recovered)] : [])),
    refused: [
      ...outcomes.flatMap(({ job, error }) => (error ? [{ job: describeRef(job), error: translateError(error) }] : [])),
      ...lost.map((error) => ({ job: describeLost(error), error: translateError(error) })),
    ],
  };
}

/** Of a job that the store has lost only its id is known, and no job at all of a place that cannot be read. */
function describeLost({ details: { job } }: RecoveryError): Readonly<Record<string, unknown>> | null {
  return job === undefined ? null : { id: job, name: null, kind: null, source: 'native' };
}

function describeRef({ ref: { id, name, kind, source } }: FoundJob): Readonly<Record<string, string>> {
  return { id, name, kind, source };
}

function tellOne({ output }: CommandContext, job: FoundJob, recovered: Recovered): void {
  if (output.json) output.printJson(pickAnswer(recovered));
  else for (const line of describeRecovered(job, recovered)) output.print(line);
  // The format's own line and object have no room for it.
  if (recovered.type !== 'dry_run' && sayOfReport(recovered.answer).isNoted)
    output.note(describeOutcome(recovered.answer));
}

/** What is no recovery answers in the shape of its source's own format. Source: formats/tau 2.7. */
function pickAnswer(recovered: Recovered): unknown {
  if (recovered.type === 'dry_run' || recovered.foreign?.isRecovery !== false) return recovered.answer;
  return recovered.foreign.value;
}

function describeRecovered({ ref }: FoundJob, recovered: Recovered): readonly string[] {
  if (recovered.type === 'dry_run') return recovered.lines;
  const { answer, reportPath, error, foreign } = recovered;
  const line = (foreign && wordsOf(ref).answerLine?.(foreign.value)) ?? [];
  if (foreign?.isRecovery === false) return [line].flat();
  const reason =
    error && answer.outcome.exit_code !== 0 ? [`It ended with ${error.code}: ${safeText(error.message)}`] : [];
  return [
    ...[line].flat(),
    describeOutcome(answer),
    ...[describeLeft(answer) ?? []].flat(),
    ...reason,
    reportPath === undefined ? 'No report was written.' : `Report: ${safeText(reportPath, 1_000)}`,
  ];
}

async function runReview({ output }: CommandContext, jobs: readonly FoundJob[], several: boolean): Promise<number> {
  const { reviewJob } = await import('../review-job.ts');
  const reviews = [];
  for (const job of jobs) reviews.push(await reviewJob(job, several));
  if (output.json) {
    output.printJson(several ? { schema_version: 1, reviews: reviews.map((one) => one.answer) } : reviews[0]?.answer);
  } else for (const line of reviews.flatMap((one) => one.lines)) output.print(line);
  return 0;
}
