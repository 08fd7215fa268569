import { hostname } from 'node:os';
import { RecoveryError } from '../../core/errors.ts';
import type { Evidence } from '../../core/evidence/schema.ts';
import { SAME_STOP_MS } from '../../core/execution/judge-end.ts';
import {
  type ExecutionEvent,
  type ExecutionResult,
  type StepResult,
  startResults,
} from '../../core/execution/schema.ts';
import { STOP_EXIT_CODES, type StopSignal } from '../../core/execution/stop-signals.ts';
import { buildReport, type ReportInput, type ReportWords } from '../../core/families/build-report.ts';
import { diagnose } from '../../core/families/diagnose.ts';
import { assembleProgress, type JobError, type UnitCounts } from '../../core/job/schema.ts';
import type { AccessPolicy } from '../../core/plan/access.ts';
import { checkBasis } from '../../core/plan/plan-basis.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Actuator, Clock, Execution } from '../../core/ports.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import { findOrphans } from '../../platform/find-orphans.ts';
import { unitOf } from '../../runner/kinds/registry.ts';
import type { RunPlan } from '../../runner/run-plan.ts';
import type { WriteRows } from '../../runner/write-rows.ts';
import type { JobLook, JobStore } from '../../store/contract.ts';
import { describeJobUnknown } from '../../store/lease-errors.ts';
import type { JobRecord } from '../../store/records.ts';
import { cancelJob } from './cancel.ts';
import { collectEvidence } from './collect.ts';
import { settleUnits } from './settle.ts';
import { recordAsking, type StopEnd, stopJob } from './stop.ts';
import { type StopResult, stopRunner } from './stop-runner.ts';
import { writeBackAfter, writeBackResults } from './write-back.ts';

/** What the actuator of a place of Salvor's own needs. `makeId` makes report and correlation ids. */
export type NativeActuatorOptions = {
  /** Opens the store for one action. */
  readonly openStore: () => JobStore;
  readonly clock: Clock;
  readonly principal: string;
  readonly policy: AccessPolicy;
  readonly version: string;
  readonly words: ReportWords;
  readonly makeId: () => string;
  /** How long a living runner has to stop when its job is stopped or cancelled. */
  readonly stopGraceMs: number;
  readonly runPlan: RunPlan;
  readonly writeRows: WriteRows;
  /** Told what went wrong beside an action and undoes nothing of it. */
  readonly onWarning?: (warning: JobError) => void;
  /** Told the report of a recovery that has begun, before its end is known. */
  readonly onStarted?: (report: RecoveryReport, reportPath: string) => void;
};

const NO_UNITS: UnitCounts = { pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 };

type Done = Awaited<Execution['done']>;

/**
 * Carries out plans on a place of Salvor's own, in this process.
 *
 * Source: design, rules 5 to 10.
 */
export function makeNativeActuator(options: NativeActuatorOptions): Actuator {
  const { clock, principal } = options;
  const withStore = async <T>(use: (store: JobStore) => Promise<T>): Promise<T> => {
    const store = options.openStore();
    try {
      return await use(store);
    } finally {
      await store.close();
    }
  };
  return {
    start(approved, onEvent) {
      const stop = new AbortController();
      const kill = new AbortController();
      let asked: { readonly atMs: number; readonly signal: StopSignal | undefined } | undefined;
      const done = withStore((store) =>
        carryOut(options, {
          store,
          approved,
          onEvent,
          stop: stop.signal,
          kill: kill.signal,
          signal: () => asked?.signal,
        }),
      );
      return {
        done,
        stop(signal) {
          // SIGTERM is how others ask, and several may: what is in hand is ended by whoever is in front of it alone.
          const isAgain = asked !== undefined && performance.now() - asked.atMs > SAME_STOP_MS;
          if (isAgain && signal !== 'SIGTERM') kill.abort();
          asked ??= { atMs: performance.now(), signal };
          stop.abort();
        },
        detach: () => {},
      };
    },
    settle: (request) =>
      withStore(async (store) => {
        const settled = await settleUnits(store, { ...request, principal, atMs: clock.nowMs() });
        await warnAfter(options, store, request.jobId);
        return settled;
      }),
    writeBack: (jobId) =>
      withStore((store) => writeBackResults({ store, clock, principal, jobId, write: options.writeRows })),
    recordRefusal: ({ jobId, action, code, message, planDigest }) =>
      withStore(async (store) => {
        // A refusal is no reason to make a store, and who was denied is not who changes where it is.
        const [job] = await store.find(jobId, 1);
        if (job?.id !== jobId) return;
        const atMs = clock.nowMs();
        const word = { atMs, principal, action, outcome: 'refused', code, details: { message } };
        const audit = [{ ...word, ...(planDigest !== undefined && { planDigest }) }];
        await store.change(jobId, {}, () => ({ answer: undefined, change: { atMs, audit } }));
      }),
  };
}

/** Writes back after a change that stands by itself, and tells what went wrong. */
async function warnAfter(
  { clock, writeRows, onWarning }: NativeActuatorOptions,
  store: JobStore,
  jobId: string,
): Promise<readonly JobError[]> {
  const warning = await writeBackAfter({ clock, store, jobId, write: writeRows });
  if (warning === undefined) return [];
  onWarning?.(warning);
  return [warning];
}

type Carrying = {
  readonly store: JobStore;
  readonly approved: ApprovedPlan;
  readonly onEvent: (event: ExecutionEvent) => void;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  readonly signal: () => StopSignal | undefined;
};

async function carryOut(options: NativeActuatorOptions, carrying: Carrying): Promise<Done> {
  const { clock, makeId, version, words, policy } = options;
  const { store, approved } = carrying;
  const { plan, evidence } = approved;
  const [job] = await store.find(plan.jobId, 1);
  if (job?.id !== plan.jobId) throw describeJobUnknown(plan.jobId);
  const startedAtMs = clock.nowMs();
  const input = {
    approved,
    diagnosis: diagnose(evidence),
    policy,
    reportId: makeId(),
    correlationId: makeId(),
    version,
    host: hostname(),
    words,
  };
  const report = async ({ result, outcome }: Pick<ReportInput, 'result' | 'outcome'>) => {
    const written = buildReport({ ...input, result, ...(outcome && { outcome }) });
    const isLastWord = result === 'started' || result.end !== 'fenced';
    try {
      return { report: written, reportPath: await store.saveReport(written, { isLastWord }) };
    } catch (error) {
      // What was done is done, with or without room for the report: it is told all the same, with what is wrong.
      const reason = error instanceof Error ? error.message : String(error);
      const diagnostics = [`this report could not be written: ${reason}`, ...written.diagnostics];
      return { report: { ...written, diagnostics }, reportPath: undefined };
    }
  };
  const outcome =
    plan.choice === 'cancel' || plan.choice === 'stop'
      ? await actOnHolder(options, carrying, job)
      : await run(options, carrying, {
          job,
          onStarted: async () => {
            const { report: started, reportPath } = await report({ result: 'started' });
            if (reportPath !== undefined) options.onStarted?.(started, reportPath);
          },
        });
  const signal = carrying.signal();
  // Of a store that was lost on the way nothing newer is known than what was agreed to.
  const after = await store.look(job.id).catch((thrown: unknown) => {
    if (outcome.error) return undefined;
    throw thrown;
  });
  const left = after ? nameLeft(options, after, outcome) : [];
  for (const warning of left) options.onWarning?.(warning);
  const result: ExecutionResult = {
    ...outcome,
    warnings: [...(outcome.warnings ?? []), ...left],
    progressAfter: assembleProgress(after?.units.counts ?? evidence.units?.counts ?? NO_UNITS, unitOf(job)),
    durationMs: clock.nowMs() - startedAtMs,
    attempt: after?.job.runCount ?? job.runCount,
    ...(signal && { signalExitCode: STOP_EXIT_CODES[signal] }),
  };
  const { told } = outcome;
  const { durationMs: duration_ms, attempt } = result;
  const written = await report({
    result,
    ...(told && { outcome: { ...told, duration_ms, attempt, engine_reference: null } }),
  });
  return { steps: result.steps, ...written, ...(result.error && { error: result.error }) };
}

/** What goes on working although the job was let go: the next run would act beside it. */
function nameLeft(
  { words }: NativeActuatorOptions,
  { job, runTokens }: JobLook,
  outcome: Outcome,
): readonly JobError[] {
  // Whoever else has the job by now, or has it still, is no left-over.
  if (outcome.end !== 'cancelled' && outcome.end !== 'stopped') return [];
  const orphans = findOrphans(runTokens).filter(({ pid }) => pid !== process.pid);
  return orphans.map((orphan) => ({
    code: 'ORPHANS_LEFT',
    message: words.describeFinding({ type: 'orphan_running', severity: 'warning', orphan }, unitOf(job)),
  }));
}

type Outcome = Pick<ExecutionResult, 'steps' | 'end' | 'error' | 'settled' | 'warnings'> & Pick<StopEnd, 'told'>;

async function run(
  options: NativeActuatorOptions,
  { store, approved, stop, kill, onEvent }: Carrying,
  { job, onStarted }: { readonly job: JobRecord; readonly onStarted: () => Promise<void> },
): Promise<Outcome> {
  const now = await collectEvidence(store, job.id);
  // A holder that came in between is told as such by the lease; everything else that changed makes the plan stale.
  if (now.recorded.epoch === approved.evidence.recorded.epoch)
    checkBasis(approved.plan, { seen: approved.evidence, now });
  let starting: Promise<void> = Promise.resolve();
  const begin = () => {
    starting = onStarted();
    starting.catch(() => {});
  };
  const outcome = await options.runPlan({ store, job, approved, stop, kill, onEvent, onStarted: begin });
  await starting;
  for (const warning of outcome.warnings ?? []) options.onWarning?.(warning);
  return outcome;
}

/** What became of the step that asks the runner; one that had ended by itself was not asked. */
const ASKED: Readonly<Record<StopResult, StepResult['state']>> = {
  stopped: 'done',
  not_running: 'not_run',
  out_of_reach: 'failed',
  still_running: 'failed',
};

/** The runner that a stop is for said its last word meanwhile, whoever asked: what was wished is so, and nothing is stale. */
function hasStopped({ plan, evidence }: ApprovedPlan, now: Evidence): boolean {
  const isSame = now.recorded.epoch === evidence.recorded.epoch;
  return plan.choice === 'stop' && isSame && now.lease?.releasedAtMs !== undefined;
}

/** Cancels or stops: what is done to who holds the job, however far that one gets meanwhile. */
async function actOnHolder(options: NativeActuatorOptions, carrying: Carrying, job: JobRecord): Promise<Outcome> {
  const { store, approved, onEvent } = carrying;
  const { plan } = approved;
  const steps = [...startResults(plan)];
  const report = (action: StepResult['step']['action'], change: Partial<StepResult>) => {
    const index = plan.steps.findIndex((step) => step.action === action);
    const before = steps[index];
    if (!before) return;
    const result = { ...before, ...change };
    steps[index] = result;
    onEvent({ type: 'step', index, result });
  };
  // Before anybody is asked to stop: it must be the runner that was agreed to.
  const now = await collectEvidence(store, job.id);
  if (!hasStopped(approved, now)) checkBasis(plan, { seen: approved.evidence, now });
  const { stopGraceMs: graceMs, clock } = options;
  // Whom nobody saw alive, nobody asks.
  const runner = plan.steps.some((step) => step.action === 'stop_runner') ? now.lease : undefined;
  if (runner) report('stop_runner', { state: 'running' });
  if (plan.choice === 'stop') {
    if (!runner) throw new RecoveryError('RUNNER_MISSING', `nobody runs job '${job.name}'`);
    const { stop: giveUp, signal } = carrying;
    const order = { store, approved, clock, graceMs, holder: runner, giveUp, signal };
    const { result, asked, ...ended } = await stopJob(order);
    report('stop_runner', { state: ASKED[asked], detail: result });
    for (const warning of ended.warnings ?? []) options.onWarning?.(warning);
    return { steps, settled: 0, ...ended };
  }
  if (runner) {
    // Who may not write, or has no room to, asks nobody.
    await recordAsking({ store, approved, clock, holder: runner });
    const detail = await stopRunner(runner, { graceMs });
    report('stop_runner', { state: ASKED[detail], detail });
  }
  await cancelJob(store, approved, clock);
  report('take_lease', { state: 'done' });
  report('mark_cancelled', { state: 'done' });
  return { steps, end: 'cancelled', settled: 0, warnings: await warnAfter(options, store, job.id) };
}
