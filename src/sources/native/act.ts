import { hostname } from 'node:os';
import type { DatabaseSync } from 'node:sqlite';
import { diagnose } from '../../core/diagnosis/diagnose.ts';
import { RecoveryError } from '../../core/errors.ts';
import { SAME_STOP_MS, STOP_EXIT_CODES } from '../../core/execution/judge-end.ts';
import {
  type ExecutionEvent,
  type ExecutionResult,
  type StepResult,
  startResults,
} from '../../core/execution/schema.ts';
import { assembleProgress, type JobError } from '../../core/job/schema.ts';
import type { AccessPolicy } from '../../core/plan/access.ts';
import { checkBasis } from '../../core/plan/plan-basis.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Actuator, Clock, Execution, StopSignal } from '../../core/ports.ts';
import { buildReport, type ReportWords } from '../../core/report/build-report.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import { appendAudit, checkAuditChain } from '../../store/audit.ts';
import { hasStore, openExistingStore } from '../../store/database.ts';
import { changeJob } from '../../store/high-water.ts';
import { type JobRecord, readJob } from '../../store/jobs.ts';
import { countUnitsByStatus } from '../../store/units.ts';
import { cancelJob, stopRunner } from './cancel.ts';
import { collectEvidence } from './collect.ts';
import { jobDirectory } from './layout.ts';
import { settleUnits } from './settle.ts';
import { type WriteRows, writeBackAfter, writeBackResults } from './write-back.ts';
import { writeReport } from './write-report.ts';

/** Runs what is left of a job after an approved plan; wired to the runner where the ports are. */
export type RunPlan = (options: {
  readonly database: DatabaseSync;
  readonly stateDirectory: string;
  readonly job: JobRecord;
  readonly approved: ApprovedPlan;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  readonly onEvent: (event: ExecutionEvent) => void;
  /** The lease is taken and recorded: from here on the recovery acts. */
  readonly onStarted: () => void;
}) => Promise<Pick<ExecutionResult, 'steps' | 'end' | 'error' | 'settled' | 'warnings'>>;

/** What the actuator of a native state directory needs. `makeId` makes report and correlation ids. */
export type NativeActuatorOptions = {
  readonly stateDirectory: string;
  readonly clock: Clock;
  readonly principal: string;
  readonly policy: AccessPolicy;
  readonly version: string;
  readonly words: ReportWords;
  readonly makeId: () => string;
  /** How long a living runner has to stop when its job is cancelled. */
  readonly stopGraceMs: number;
  readonly runPlan: RunPlan;
  readonly writeRows: WriteRows;
  /** Told what went wrong beside an action and undoes nothing of it. */
  readonly onWarning?: (warning: JobError) => void;
  /** Told the report of a recovery that has begun, before its end is known. */
  readonly onStarted?: (report: RecoveryReport, reportPath: string) => void;
};

type Done = Awaited<Execution['done']>;

/**
 * Carries out plans on a native state directory, in this process.
 *
 * Source: design, rules 5 to 10.
 */
export function makeNativeActuator(options: NativeActuatorOptions): Actuator {
  const { stateDirectory, clock, principal } = options;
  const withStore = async <T>(use: (database: DatabaseSync) => T | Promise<T>): Promise<T> => {
    const database = openExistingStore(stateDirectory);
    try {
      return await use(database);
    } finally {
      database.close();
    }
  };
  return {
    start(approved, onEvent) {
      const stop = new AbortController();
      const kill = new AbortController();
      let asked: { readonly atMs: number; readonly signal: StopSignal | undefined } | undefined;
      const done = withStore((database) =>
        carryOut(options, {
          database,
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
          if (asked && performance.now() - asked.atMs > SAME_STOP_MS) kill.abort();
          asked ??= { atMs: performance.now(), signal };
          stop.abort();
        },
        detach: () => {},
      };
    },
    settle: (request) =>
      withStore(async (database) => {
        const settled = settleUnits(database, stateDirectory, { ...request, principal, atMs: clock.nowMs() });
        await warnAfter(options, database, request.jobId);
        return settled;
      }),
    writeBack: (jobId) =>
      withStore((database) =>
        writeBackResults({ stateDirectory, clock, principal, database, jobId, write: options.writeRows }),
      ),
    recordRefusal: async ({ jobId, action, code, message, planDigest }) => {
      // A refusal is no reason to make a store, and who was denied is not who changes where it is.
      if (!hasStore(stateDirectory)) return;
      await withStore((database) => {
        const job = readJob(database, jobId);
        if (!job) return;
        const word = { atMs: clock.nowMs(), principal, action, outcome: 'refused', code, details: { message } };
        changeJob(database, { jobId, directory: jobDirectory(stateDirectory, jobId) }, () => {
          checkAuditChain(database, job.seq);
          appendAudit(database, job.seq, { ...word, ...(planDigest !== undefined && { planDigest }) });
        });
      });
    },
  };
}

/** Writes back after a change that stands by itself, and tells what went wrong. */
async function warnAfter(
  { stateDirectory, clock, writeRows, onWarning }: NativeActuatorOptions,
  database: DatabaseSync,
  jobId: string,
): Promise<readonly JobError[]> {
  const warning = await writeBackAfter({ stateDirectory, clock, database, jobId, write: writeRows });
  if (warning === undefined) return [];
  onWarning?.(warning);
  return [warning];
}

type Carrying = {
  readonly database: DatabaseSync;
  readonly approved: ApprovedPlan;
  readonly onEvent: (event: ExecutionEvent) => void;
  readonly stop: AbortSignal;
  readonly kill: AbortSignal;
  readonly signal: () => StopSignal | undefined;
};

async function carryOut(options: NativeActuatorOptions, carrying: Carrying): Promise<Done> {
  const { stateDirectory, clock, makeId, version, words, policy } = options;
  const { database, approved } = carrying;
  const { plan, evidence } = approved;
  const job = readJob(database, plan.jobId);
  if (!job) throw new RecoveryError('JOB_UNKNOWN', `there is no job ${plan.jobId}`);
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
  const report = async (result: ExecutionResult | 'started') => {
    const written = buildReport({ ...input, result });
    const isLastWord = result === 'started' || result.end !== 'fenced';
    try {
      return { report: written, reportPath: await writeReport(stateDirectory, written, { isLastWord }) };
    } catch (error) {
      // What was done is done, with or without room for the report: it is told all the same, with what is wrong.
      const reason = error instanceof Error ? error.message : String(error);
      const diagnostics = [`this report could not be written: ${reason}`, ...written.diagnostics];
      return { report: { ...written, diagnostics }, reportPath: undefined };
    }
  };
  const outcome =
    plan.choice === 'cancel'
      ? await cancel(options, carrying, job)
      : await run(options, carrying, {
          job,
          onStarted: async () => {
            const { report: started, reportPath } = await report('started');
            if (reportPath !== undefined) options.onStarted?.(started, reportPath);
          },
        });
  const signal = carrying.signal();
  const result: ExecutionResult = {
    ...outcome,
    progressAfter: assembleProgress(countUnitsByStatus(database, job.seq), 'row'),
    durationMs: clock.nowMs() - startedAtMs,
    attempt: readJob(database, job.id)?.runCount ?? job.runCount,
    ...(signal && { signalExitCode: STOP_EXIT_CODES[signal] }),
  };
  return { steps: result.steps, ...(await report(result)), ...(result.error && { error: result.error }) };
}

type Outcome = Pick<ExecutionResult, 'steps' | 'end' | 'error' | 'settled' | 'warnings'>;

async function run(
  options: NativeActuatorOptions,
  { database, approved, stop, kill, onEvent }: Carrying,
  { job, onStarted }: { readonly job: JobRecord; readonly onStarted: () => Promise<void> },
): Promise<Outcome> {
  const { stateDirectory, clock, runPlan } = options;
  const now = await collectEvidence(stateDirectory, job.id, clock.nowMs());
  // A holder that came in between is told as such by the lease; everything else that changed makes the plan stale.
  if (now.recorded.epoch === approved.evidence.recorded.epoch)
    checkBasis(approved.plan, { seen: approved.evidence, now });
  let starting: Promise<void> = Promise.resolve();
  const begin = () => {
    starting = onStarted();
    starting.catch(() => {});
  };
  const outcome = await runPlan({ database, stateDirectory, job, approved, stop, kill, onEvent, onStarted: begin });
  await starting;
  for (const warning of outcome.warnings ?? []) options.onWarning?.(warning);
  return outcome;
}

async function cancel(options: NativeActuatorOptions, carrying: Carrying, job: JobRecord): Promise<Outcome> {
  const { database, approved, onEvent } = carrying;
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
  const now = await collectEvidence(options.stateDirectory, job.id, options.clock.nowMs());
  checkBasis(plan, { seen: approved.evidence, now });
  if (plan.steps.some((step) => step.action === 'stop_runner')) {
    report('stop_runner', { state: 'running' });
    const stopped = await stopRunner(database, job.seq, options.stopGraceMs);
    report('stop_runner', { state: 'done', detail: stopped });
  }
  cancelJob({ database, job, directory: jobDirectory(options.stateDirectory, job.id), approved, clock: options.clock });
  report('take_lease', { state: 'done' });
  report('mark_cancelled', { state: 'done' });
  return { steps, end: 'cancelled', settled: 0, warnings: await warnAfter(options, database, job.id) };
}
