import { hostname } from 'node:os';
import { diagnose } from '../../core/diagnosis/diagnose.ts';
import { digestText } from '../../core/digest.ts';
import { RecoveryError } from '../../core/errors.ts';
import { digestEvidence, digestIdentity } from '../../core/evidence/digest-evidence.ts';
import type { StepResult } from '../../core/execution/schema.ts';
import { startResults } from '../../core/execution/schema.ts';
import type { AccessPolicy } from '../../core/plan/access.ts';
import { findChosen } from '../../core/plan/control-rules.ts';
import type { ApprovedPlan, PlanAction } from '../../core/plan/schema.ts';
import type { Actuator, Clock, Execution, StopSignal } from '../../core/ports.ts';
import { buildControlReport } from '../../core/report/build-control-report.ts';
import type { ReportWords } from '../../core/report/build-report.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import type { FileOperations } from '../../platform/checkpoint-stores/directory/file-operations.ts';
import { assembleAnswer } from './assemble-answer.ts';
import { lookAtTau, type TauDirectory, type TauLook } from './collect.ts';
import type { TauFileOperations } from './file-operations.ts';
import { holdDirectory } from './hold-directory.ts';
import { openTauDirectory, trainerLogPath } from './read.ts';
import { recordAction } from './record-action.ts';
import { startTrainer, type Trainer } from './start-trainer.ts';
import { writeTauReport } from './write-record.ts';

/** What the actuator of a Tau state directory needs. `makeId` makes the ids of actions. */
export type TauActuatorOptions = {
  readonly path: string;
  readonly request: { readonly checkpoint?: string; readonly command?: string };
  readonly clock: Clock;
  readonly principal: string;
  readonly policy: AccessPolicy;
  readonly version: string;
  readonly words: ReportWords;
  readonly makeId: () => string;
  /** Waits until a trainer that was started has ended; without it the report says that it was started. */
  readonly waitForTrainer: boolean;
  readonly operations: TauFileOperations;
  readonly checkpointOperations: FileOperations;
};

type Done = Awaited<Execution['done']>;

/**
 * Carries out plans on a Tau state directory.
 *
 * Refusals are not recorded: the audit log is Tau's, and it knows no row for them.
 *
 * Source: formats/tau 3; design, rules 5 to 10; docs/tau.md.
 */
export function makeTauActuator(options: TauActuatorOptions): Actuator {
  return {
    start(approved, onEvent) {
      const watch: Watch = { trainer: undefined, stopped: undefined, leave: () => {} };
      const left = new Promise<'left'>((resolve) => {
        watch.leave = () => resolve('left');
      });
      const tell = makeTeller(approved, onEvent);
      return {
        done: carryOut({ options, approved, tell, watch, left }),
        stop(signal) {
          watch.stopped = signal ?? 'SIGTERM';
          watch.trainer?.stop(watch.stopped);
        },
        detach: () => watch.leave(),
      };
    },
    settle: async () => {
      throw new RecoveryError('UNIT_UNKNOWN', 'a training job has no units to settle');
    },
    recordRefusal: async () => {},
  };
}

/** What may be said to an execution from outside. */
type Watch = { trainer: Trainer | undefined; stopped: StopSignal | undefined; leave: () => void };

/** Steps as they come; the last word on each is in the report. */
type Teller = {
  readonly steps: () => readonly StepResult[];
  readonly tell: (action: PlanAction, change: Partial<StepResult>) => void;
};

function makeTeller({ plan }: ApprovedPlan, onEvent: Parameters<Actuator['start']>[1]): Teller {
  const steps = [...startResults(plan)];
  return {
    steps: () => steps,
    tell(action, change) {
      const index = steps.findIndex(({ step }) => step.action === action);
      const before = steps[index];
      if (!before) return;
      const result = { ...before, ...change };
      steps[index] = result;
      onEvent({ type: 'step', index, result });
    },
  };
}

type Carrying = {
  readonly options: TauActuatorOptions;
  readonly approved: ApprovedPlan;
  readonly tell: Teller;
  readonly watch: Watch;
  readonly left: Promise<'left'>;
};

async function carryOut(carrying: Carrying): Promise<Done> {
  const { options, approved, tell } = carrying;
  const startedAtMs = options.clock.nowMs();
  const directory = openTauDirectory(options.path, options.request);
  const { layout } = directory;
  const self = { principal: options.principal, host: hostname(), pid: process.pid };
  const key = digestText(layout.directory).slice(0, 40);
  const held = await holdDirectory(key, layout.directory, self);
  const recorded = await record({ ...carrying, directory, startedAtMs }).finally(held.release);
  const command = approved.plan.choice === 'resume' ? options.request.command : undefined;
  const report =
    command === undefined
      ? recorded.report
      : await train({ ...carrying, directory, ...recorded, command, startedAtMs });
  const control = assembleAnswer({ layout, approved, report, look: recorded.look, action: recorded.action });
  const isRecovery = report.choice === 'resume' || report.choice === 'cancel';
  return { steps: tell.steps(), report, reportPath: isRecovery ? layout.report : undefined, control };
}

type Recording = Carrying & { readonly directory: TauDirectory; readonly startedAtMs: number };

type Recorded = {
  readonly report: RecoveryReport;
  readonly look: TauLook;
  readonly action: ReturnType<typeof recordAction> extends Promise<infer Action> ? Action : never;
  readonly makeReport: (outcome: Partial<RecoveryReport['outcome']>, notes?: readonly string[]) => RecoveryReport;
};

/** Everything that is written while the directory is held. */
async function record({ options, approved, tell, directory, startedAtMs }: Recording): Promise<Recorded> {
  const { clock, makeId, operations } = options;
  const look = await lookAtTau(directory, clock.nowMs());
  checkFresh(approved, look);
  const actionId = makeId();
  const makeReport = makeReporter({ options, approved, look, startedAtMs, reportId: actionId });
  const { choice } = approved.plan;
  const willStart = choice === 'resume' && options.request.command !== undefined;
  const status = choice === 'cancel' ? 'cancelled' : willStart ? 'started' : 'recovered';
  const report = makeReport({ status });
  tell.tell('load_checkpoint', { state: 'done' });
  if (choice === 'resume' || choice === 'cancel') {
    await writeTauReport(operations, directory.layout, { report, before: look.report });
    tell.tell('write_report', { state: 'done' });
  }
  const action = await recordAction({ ...options, directory, approved, look, actionId, tell: tell.tell });
  return { report, look, action, makeReport };
}

/** Errors: EVIDENCE_STALE when what the plan rests on is no longer so. Source: design, rule 8. */
function checkFresh({ plan }: ApprovedPlan, { evidence }: TauLook): void {
  const byIdentity = plan.choice === 'cancel' || plan.choice === 'pause';
  if ((byIdentity ? digestIdentity(evidence) : digestEvidence(evidence)) === plan.evidenceDigest) return;
  throw new RecoveryError('EVIDENCE_STALE', `job '${plan.jobName}' changed since the plan was made`, {
    details: { job: plan.jobId },
  });
}

type Reporter = {
  readonly options: TauActuatorOptions;
  readonly approved: ApprovedPlan;
  readonly look: TauLook;
  readonly startedAtMs: number;
  readonly reportId: string;
};

function makeReporter({ options, approved, look, startedAtMs, reportId }: Reporter): Recorded['makeReport'] {
  const { clock, policy, version, words, makeId } = options;
  const { evidence } = approved;
  const { control } = evidence;
  if (!control) throw new RecoveryError('INTERNAL', `job ${evidence.job.id} is not under control`);
  const correlationId = makeId();
  const { tornLine } = look.audit;
  const repaired = tornLine
    ? [`audit line ${tornLine.line} was cut short (${tornLine.sizeBytes} bytes); its bytes are kept in the new row`]
    : [];
  const status = control.status;
  const stale = status?.stale === undefined ? [] : [`status ${status.runState} does not count: ${status.stale}`];
  return (outcome, notes = []) =>
    buildControlReport({
      approved,
      diagnosis: diagnose(evidence),
      policy,
      result: 'started',
      reportId,
      correlationId,
      version,
      host: hostname(),
      words,
      control,
      notes: [...stale, ...repaired, ...notes],
      outcome: {
        status: 'recovered',
        exit_code: 0,
        duration_ms: clock.nowMs() - startedAtMs,
        attempt: evidence.recorded.runCount + 1,
        engine_reference: null,
        ...outcome,
      },
    });
}

type Training = Carrying &
  Pick<Recorded, 'makeReport' | 'look' | 'report'> & { readonly directory: TauDirectory; readonly command: string };

/** Starts the trainer, waits for its end if that is wanted, and says in the report what became of it. */
async function train(training: Training & { readonly startedAtMs: number }): Promise<RecoveryReport> {
  const { options, directory, command, approved, watch, left, tell, makeReport } = training;
  const { layout, job, runToken } = directory;
  const { control, checkpoints } = approved.evidence;
  const chosen = control && findChosen(control, checkpoints);
  const logPath = trainerLogPath(job);
  tell.tell('start_trainer', { state: 'running' });
  const trainer = await startTrainer({
    command,
    directory: layout.directory,
    logPath,
    runToken,
    ...(chosen && { checkpoint: chosen }),
  });
  watch.trainer = trainer;
  if (watch.stopped) trainer.stop(watch.stopped);
  const reference = { engine_reference: `process ${trainer.pid}` };
  const notes = [`the trainer was started as process ${trainer.pid}; its output is in ${logPath}`];
  const ended = options.waitForTrainer ? await Promise.race([trainer.ended, left]) : 'left';
  trainer.release();
  const outcome = ended === 'left' ? { status: 'started' as const, ...reference } : describeEnd(ended, reference);
  const wasLeft = ended === 'left';
  tell.tell('start_trainer', { state: wasLeft || ended === 0 ? 'done' : 'failed', detail: notes[0] ?? '' });
  const report = makeReport(outcome, notes);
  // Another action may have come since: its report is the newest then, and stays.
  const now = await lookAtTau(directory, options.clock.nowMs());
  const isNewest = now.report.state === 'valid' && now.report.value['report_id'] === report.report_id;
  if (isNewest) await writeTauReport(options.operations, layout, { report, before: now.report });
  return report;
}

function describeEnd(
  code: number,
  reference: { readonly engine_reference: string },
): Partial<RecoveryReport['outcome']> {
  if (code === 0) return { status: 'recovered', ...reference };
  const isStopped = code === 130 || code === 143;
  return { status: 'failed', exit_code: isStopped ? code : 5, ...reference };
}
