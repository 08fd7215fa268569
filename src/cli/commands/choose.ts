import { RecoveryError, toRecoveryError } from '../../core/errors.ts';
import { CHOICES } from '../../core/job/schema.ts';
import type { ActingChoice } from '../../core/plan/schema.ts';
import { describeOutcome } from '../../present/report-text.ts';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';
import { type ActOptions, readActOptions } from '../compose.ts';
import { actInProcess } from '../detached/act-in-process.ts';
import { chooseExitCode, EXIT_CODES } from '../exit-codes.ts';
import { type FoundJob, openPlaces } from '../open-places.ts';
import { tellError, translateError } from '../output.ts';
import { type Recovered, recoverJob } from '../recover-job.ts';
import { reviewJob } from '../review-job.ts';
import { selectJobs } from '../select-jobs.ts';

/**
 * `salvor --choice ...`: recovers one job or several without the console.
 *
 * Source: contract, commands; several jobs are each recovered on their own.
 */
export async function runChoose(context: CommandContext): Promise<number> {
  const { asked, config, version, output, programPath } = context;
  const choice = CHOICES.find((known) => known === asked.texts.choice);
  if (!choice) throw new RecoveryError('USAGE_INVALID', '--choice needs one of resume, restart, cancel, review');
  const places = openPlaces(config, asked.positionals, asked.texts.source);
  const { jobs, several } = await selectJobs(places, asked, choice);
  if (choice === 'review') return runReview(context, jobs, several);
  const elsewhere = asked.switches.has('detach');
  const base = await readActOptions(config, asked, version);
  const options: ActOptions = {
    ...base,
    dryRun: asked.switches.has('dry-run'),
    ...(elsewhere && { actElsewhere: actInProcess({ ...base, programPath, detach: true }) }),
  };
  if (!several && jobs[0]) {
    const recovered = await recoverJob(context, jobs[0], { choice, options });
    tellOne(context, recovered);
    return recovered.exitCode;
  }
  const outcomes = await recoverAll(context, jobs, { choice, options });
  if (output.json) output.printJson(assembleAnswer(outcomes));
  return chooseExitCode(outcomes.map((one) => one.exitCode));
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
      tellOne({ ...context, output: { ...context.output, printJson: () => {} } }, recovered);
      outcomes.push({ job, recovered, exitCode: recovered.exitCode });
    } catch (thrown) {
      const error = toRecoveryError(thrown);
      tellError({ ...context.output, json: false }, error);
      outcomes.push({ job, error, exitCode: EXIT_CODES[error.code] });
    }
    // A signal is for all that is asked, not for the job in hand alone.
    if ((outcomes.at(-1)?.exitCode ?? 0) > 128) break;
  }
  return outcomes;
}

function assembleAnswer(outcomes: readonly Outcome[]): unknown {
  return {
    schema_version: 1,
    reports: outcomes.flatMap((one) => (one.recovered ? [one.recovered.answer] : [])),
    refused: outcomes.flatMap(({ job, error }) =>
      error ? [{ job: describeRef(job), error: translateError(error) }] : [],
    ),
  };
}

function describeRef({ ref: { id, name, kind, source } }: FoundJob): Readonly<Record<string, string>> {
  return { id, name, kind, source };
}

function tellOne({ output }: CommandContext, recovered: Recovered): void {
  if (output.json) output.printJson(recovered.answer);
  else for (const line of describeRecovered(recovered)) output.print(line);
}

function describeRecovered(recovered: Recovered): readonly string[] {
  if (recovered.type === 'dry_run') return recovered.lines;
  const { answer, reportPath } = recovered;
  const last = answer.diagnostics.at(-1);
  const reason = answer.outcome.exit_code !== 0 && last?.startsWith('ended with ') ? [`It ${safeText(last)}`] : [];
  return [describeOutcome(answer), ...reason, ...(reportPath === undefined ? [] : [`Report: ${reportPath}`])];
}

async function runReview({ output }: CommandContext, jobs: readonly FoundJob[], several: boolean): Promise<number> {
  const reviews = [];
  for (const job of jobs) reviews.push(await reviewJob(job));
  if (output.json) {
    output.printJson(several ? { schema_version: 1, reviews: reviews.map((one) => one.answer) } : reviews[0]?.answer);
  } else for (const line of reviews.flatMap((one) => one.lines)) output.print(line);
  return 0;
}
