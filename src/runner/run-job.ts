/**
 * One run of a job whose lease is held: end or await orphans -> settle doubt -> retry or reset -> run units ->
 * write back -> last word. Every part is idempotent: a crash in between is just new evidence.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { isRecoveryError, toRecoveryError } from '../core/errors.ts';
import { computeBackoffMs, isRetryable } from '../core/execution/backoff.ts';
import type { UnitNews, UnitPorts } from '../core/execution/run-unit.ts';
import type { StepResult } from '../core/execution/schema.ts';
import { restrainVerify } from '../core/execution/unanswered.ts';
import type { UnitEngine } from '../core/execution/unit-engine.ts';
import type { RunnerStep } from '../core/plan/schema.ts';
import { applyStep } from './apply-step.ts';
import { type CommitJournal, makeCommitJournal, type Unrecorded } from './commit-journal.ts';
import { finishRun, LOSES_THE_STORE } from './finish-run.ts';
import type { JobRun, StepContext } from './job-run.ts';
import type { RunOutcome } from './job-work.ts';
import { makeRefusals } from './refusals.ts';
import { makeTally } from './tally.ts';

/**
 * What a run came to. `settled` counts units that were in doubt and no longer are; `unrecorded` is what rows said once the
 * store or the lease was lost: the error names it too.
 */
export type JobRunResult = RunOutcome & {
  readonly settled: number;
  readonly results: readonly StepResult[];
  readonly unrecorded?: readonly Unrecorded[];
};

/**
 * Carries a run out and lets the lease go.
 *
 * Errors: none thrown; a fenced run ends as `fenced`, an unwritable store or a broken engine as `failed`.
 * Source: design, durable execution; decisions/0002.
 */
export async function runJob(run: JobRun): Promise<JobRunResult> {
  const results: StepResult[] = run.steps.map((step) => ({ step, state: 'not_run' }));
  let settled = 0;
  const lost = new AbortController();
  const { held, clock, onUnrecorded } = run;
  const onLost = (reason: unknown) => lost.abort(reason);
  const journal = makeCommitJournal({ held, clock, onLost, ...(onUnrecorded && { onUnrecorded }) });
  try {
    const refusals = makeRefusals(journal, clock);
    const { checkHeld } = journal;
    const engine = restrainVerify(
      run.makeEngine({ ...run, program: run.work.makeProgram(), checkHeld, onTakenBack: refusals.takeBack }),
    );
    const parts = { engine, journal, lost: lost.signal, takenBack: refusals.takenBack };
    const context = await runSteps(run, parts, results).catch((thrown: unknown) => {
      engine.kill();
      throw thrown;
    });
    settled = context.settled;
    await refusals.recorded();
    const { units, unasked } = context;
    const outcome = await finishRun({ ...run, units, unasked });
    return { ...outcome, settled, results };
  } catch (thrown) {
    const outcome = await failRun(run, journal.explain(thrown));
    return { ...outcome, settled, results, unrecorded: journal.unrecorded() };
  } finally {
    await journal.close();
    await held.release();
  }
}

/** What a run is carried out with. `lost` is told when the store or the lease is. */
type Parts = { readonly engine: UnitEngine; readonly journal: CommitJournal; readonly lost: AbortSignal } & Pick<
  UnitPorts,
  'takenBack'
>;

/**
 * How long rows in hand may still say what they did once it cannot be recorded any more; then they are ended. Whoever took
 * the job over may go on with it, or has cancelled it, and waits for them; of a store that is lost somebody else may take
 * it too, a minute after the last heartbeat.
 */
const LAST_WORDS_MS = { others: 5_000, own: 30_000 };

/** Starts the engine, carries out every step and stops the engine. Errors: those of the steps. */
async function runSteps(
  run: JobRun,
  { engine, journal, lost, takenBack }: Parts,
  results: StepResult[],
): Promise<StepContext> {
  const stop = AbortSignal.any([run.stop, lost]);
  const kill = () => engine.kill();
  run.kill.addEventListener('abort', kill);
  let lastWords: NodeJS.Timeout | undefined;
  const endLater = () => {
    const code = isRecoveryError(lost.reason) ? lost.reason.code : 'INTERNAL';
    const isOthers = code === 'LEASE_FENCED' || code === 'STATE_UNREACHABLE';
    lastWords = setTimeout(kill, isOthers ? LAST_WORDS_MS.others : LAST_WORDS_MS.own);
  };
  lost.addEventListener('abort', endLater);
  const ports = { ...makeUnitPorts(run, { engine, stop, record: journal.record }), ...(takenBack && { takenBack }) };
  const tally = makeTally(await run.held.counts(), { unit: run.work.unit, onEvent: run.onEvent });
  const context: StepContext = { run, engine, ports, tally, stop, settled: 0, unasked: 0, units: { end: 'ran_out' } };
  try {
    await engine.start();
    for (const [index, step] of run.steps.entries()) await runStep(context, results, { index, step });
    await engine.stop();
    return context;
  } finally {
    run.kill.removeEventListener('abort', kill);
    lost.removeEventListener('abort', endLater);
    clearTimeout(lastWords);
  }
}

async function runStep(
  context: StepContext,
  results: StepResult[],
  { index, step }: { readonly index: number; readonly step: RunnerStep },
): Promise<void> {
  const report = (result: StepResult) => {
    results[index] = result;
    context.run.onEvent({ type: 'step', index, result });
  };
  report({ step, state: 'running' });
  try {
    report({ step, ...(await applyStep(context, step)) });
  } catch (thrown) {
    const { code, message } = toRecoveryError(thrown);
    if (code === 'RUN_INTERRUPTED') report({ step, state: 'stopped' });
    else report({ step, state: 'failed', error: { code, message } });
    throw thrown;
  }
}

/** Records a run that broke; when even that cannot be written, the next look finds it interrupted. */
async function failRun(run: JobRun, thrown: unknown): Promise<RunOutcome> {
  const error = toRecoveryError(thrown);
  if (error.code === 'LEASE_FENCED') return { end: 'fenced', error: { code: error.code, message: error.message } };
  const told = { code: error.code, message: error.message };
  if (LOSES_THE_STORE.includes(error.code)) return { end: 'failed', error: told };
  try {
    const stopped = error.code === 'RUN_INTERRUPTED';
    await finishRun({ ...run, units: { end: stopped ? 'stopped' : 'halted', error: told } });
    return stopped ? { end: 'stopped', error: told } : { end: 'failed', error: told };
  } catch (second) {
    const { code, message } = toRecoveryError(second);
    return code === 'LEASE_FENCED' ? { end: 'fenced', error: { code, message } } : { end: 'failed', error: told };
  }
}

function makeUnitPorts(
  { work, clock, random, faults }: JobRun,
  {
    engine,
    stop,
    record,
  }: { readonly engine: UnitEngine; readonly stop: AbortSignal; readonly record: (news: UnitNews) => Promise<void> },
): UnitPorts {
  const { retry } = work;
  return {
    engine,
    record,
    clock,
    faults,
    delayBeforeRetryMs: (error, tries) =>
      tries < retry.attempts && isRetryable(error, retry)
        ? computeBackoffMs({ retry, attempt: tries, random: random() })
        : undefined,
    wait: async (durationMs) => {
      try {
        await delay(durationMs, undefined, { signal: stop });
        return true;
      } catch {
        return false;
      }
    },
  };
}
