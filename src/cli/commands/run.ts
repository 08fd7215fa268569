import { RecoveryError } from '../../core/errors.ts';
import { judgeEnd, SAME_STOP_MS } from '../../core/execution/judge-end.ts';
import { translateProgress } from '../../core/families/build-report.ts';
import type { JobRef } from '../../core/job/schema.ts';
import { checkAuthority } from '../../core/plan/check-authority.ts';
import { systemClock } from '../../platform/clock.ts';
import { formatCount, formatDuration } from '../../present/format.ts';
import { safeText } from '../../present/safe-text.ts';
import type { RepeatedJob } from '../../runner/check-same-rows.ts';
import type { SharedRowsJob } from '../../runner/find-shared-rows.ts';
import type { JobRunResult } from '../../runner/run-job.ts';
import { openJobStore } from '../../store/open-store.ts';
import { restorePassword } from '../../store/store-url.ts';
import { checkTrust } from '../check-trust.ts';
import type { CommandContext } from '../command-context.ts';
import type { RunnerNews } from '../detached/schema.ts';
import { startRunner, translateRefusal } from '../detached/start-runner.ts';
import { lookAtJob } from '../look-at-job.ts';
import { makeProgressLine } from '../progress-line.ts';
import { readPolicy } from '../read-policy.ts';
import { stopOnSignals } from '../stop-on-signals.ts';

/** `salvor run`: runs a job file so that whatever happens can be recovered. Source: contract, commands. */
export async function runRun(context: CommandContext): Promise<number> {
  const { asked, config } = context;
  await checkMayRun(context);
  if (!config.stateNamed) checkTrust(config.stateDirectory);
  const params = parseParams(asked.lists.param ?? []);
  return asked.switches.has('detach') ? startDetached(context, params) : runHere(context, params);
}

/** To do rows again that an unfinished job has is a restart of them as well. Source: decisions/0027. */
async function checkMayRun({ asked, config }: CommandContext): Promise<void> {
  const { readOnly, principal } = config;
  const authority = { readOnly, canAct: true, principal, policy: await readPolicy(config.policyPath) };
  checkAuthority(authority, 'recover:run');
  if (asked.switches.has('again')) checkAuthority(authority, 'recover:restart');
}

/** Running an ended job's rows again is allowed, and said. Source: decisions/0019. */
function describeRepeated({ id, status }: RepeatedJob): string {
  return `Note: job ${id} (${status}) had these very rows; this run does them under new idempotency keys.`;
}

/** What is said before rows are run that an unfinished job of another name has. Source: decisions/0019. */
function describeSharing({ id, name, standing, done, total, writtenPath }: SharedRowsJob): string {
  const has = `job ${id} '${safeText(name, 200)}' has these very rows and is not finished: ${standing}, ${done} of ${total} rows done`;
  const says = [`Warning: ${has}.`, `This job does every row${done > 0 ? `, those ${done} too` : ''}.`];
  if (writtenPath === undefined) return says.join(' ');
  const file = safeText(writtenPath, 1_000);
  return [
    ...says,
    `Results of the two go into the same file, ${file}: a cell that both write says what the last one found.`,
    `Stop here and say salvor --choice resume --job ${id} when that is not meant.`,
  ].join(' ');
}

/** What is said of a run that did not come to a good end, and what to do. */
function describeEnd(
  jobId: string,
  { end, error, unrecorded = [] }: JobRunResult,
  exitCode: number,
): readonly string[] {
  // What a command printed may be long; receipts that stand nowhere else are told to the last.
  const limit = unrecorded.length > 0 ? 100_000 : 300;
  const last = error ? [`Last error: ${safeText(error.code, 60)}: ${safeText(error.message, limit)}`] : [];
  if (exitCode === 0) return last;
  // Whoever fenced this run may have cancelled the job, and goes on with it otherwise.
  const resume = end === 'fenced' ? '' : `, or salvor --choice resume --job ${jobId}`;
  return [...last, `Next: salvor show ${jobId}${resume}`];
}

function parseParams(words: readonly string[]): Readonly<Record<string, string>> {
  const params = new Map<string, string>();
  for (const word of words) {
    const at = word.indexOf('=');
    if (at <= 0) throw new RecoveryError('USAGE_INVALID', `--param ${word} is not of the form NAME=VALUE`);
    const name = word.slice(0, at);
    if (params.has(name)) throw new RecoveryError('USAGE_INVALID', `--param ${name} stands twice`);
    params.set(name, word.slice(at + 1));
  }
  return Object.fromEntries(params);
}

async function runHere(
  { asked, config, output }: CommandContext,
  params: Readonly<Record<string, string>>,
): Promise<number> {
  const name = asked.texts.name;
  const stop = new AbortController();
  const kill = new AbortController();
  let stoppedAtMs: number | undefined;
  const signals = stopOnSignals((signal) => {
    if (stoppedAtMs === undefined) output.note('\nStopping after the rows in hand; Ctrl+C ends them at once.');
    else if (signal !== 'SIGTERM' && performance.now() - stoppedAtMs > SAME_STOP_MS) kill.abort();
    stoppedAtMs ??= performance.now();
    stop.abort();
  });
  const startedAtMs = systemClock.nowMs();
  try {
    const { startJob } = await import('../../runner/start-job.ts');
    const started = await startJob({
      store: openJobStore(config.stateDirectory, systemClock),
      lookAt: lookAtJob,
      file: asked.positionals[0] ?? '',
      params,
      principal: config.principal,
      again: asked.switches.has('again'),
      ...(name !== undefined && { name }),
    });
    if (started.repeated) output.note(describeRepeated(started.repeated));
    for (const job of started.sharing) output.note(describeSharing(job));
    output.note(
      `Job ${started.job.id} '${safeText(started.job.name, 200)}': ${formatCount(started.progress.total, started.progress.unit)}`,
    );
    const line = makeProgressLine(process.stderr, systemClock.nowMs);
    const result = await started
      .run({
        stop: stop.signal,
        kill: kill.signal,
        onEvent: (event) => {
          if (event.type === 'progress') line.update(event.progress, event.lastUnit);
        },
      })
      .finally(line.close);
    const signalExitCode = signals.exitCode();
    const { status: judged, exitCode } = judgeEnd(
      { end: result.end, ...(signalExitCode !== undefined && { signalExitCode }) },
      result.progress.needsReview + result.progress.inDoubt,
    );
    const durationMs = systemClock.nowMs() - startedAtMs;
    const status = judged === 'recovered' ? 'completed' : judged;
    if (output.json) {
      output.printJson({
        schema_version: 1,
        job: describeJob({ ...started.job, source: 'native' }),
        directory: started.directory ?? null,
        progress: translateProgress(result.progress),
        last_error: result.error ?? null,
        outcome: { status, exit_code: exitCode, duration_ms: durationMs, attempt: 1, engine_reference: null },
      });
    } else {
      const { done, total, failed, needsReview } = result.progress;
      output.print(
        `Job ${started.job.id} ${status} in ${formatDuration(durationMs)}: ${done}/${total} done, ${failed} failed, ${needsReview} to review.`,
      );
      for (const line of describeEnd(started.job.id, result, exitCode)) output.note(line);
    }
    return exitCode;
  } finally {
    signals.close();
  }
}

type ShownJob = Pick<JobRef, 'id' | 'name' | 'kind' | 'source'>;

function describeJob({ id, name, kind, source }: ShownJob): ShownJob {
  return { id, name, kind, source };
}

async function startDetached(
  { asked, config, output, programPath }: CommandContext,
  params: Readonly<Record<string, string>>,
): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<RunnerNews, { type: 'run_started' }>>();
  const name = asked.texts.name;
  const runner = startRunner({
    programPath,
    request: {
      type: 'run',
      stateDirectory: restorePassword(config.stateDirectory),
      principal: config.principal,
      file: asked.positionals[0] ?? '',
      params,
      again: asked.switches.has('again'),
      ...(name !== undefined && { name }),
    },
    onNews(news) {
      if (news.type === 'run_started') resolve(news);
      if (news.type === 'refused') reject(translateRefusal(news));
    },
    onEnd: reject,
  });
  try {
    const { jobId, name: jobName, kind, directory, repeated, sharing } = await promise;
    if (repeated) output.note(describeRepeated(repeated));
    for (const other of sharing) output.note(describeSharing(other));
    const job = { id: jobId, name: jobName, kind, source: 'native' };
    if (output.json)
      output.printJson({
        schema_version: 1,
        job,
        directory: directory ?? null,
        outcome: { status: 'started', exit_code: 0, duration_ms: 0, attempt: 1, engine_reference: null },
      });
    else
      output.print(
        `Job ${jobId} '${safeText(jobName, 200)}' is started; watch it with salvor, or salvor show ${jobId}.`,
      );
    return 0;
  } finally {
    runner.release();
  }
}
