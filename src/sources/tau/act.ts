import { hostname } from 'node:os';
import { digestText } from '../../core/digest.ts';
import { RecoveryError } from '../../core/errors.ts';
import type { StepResult } from '../../core/execution/schema.ts';
import { startResults } from '../../core/execution/schema.ts';
import type { StopSignal } from '../../core/execution/stop-signals.ts';
import { controlOf } from '../../core/families/training-control/control-of.ts';
import { findTaken } from '../../core/families/training-control/rules.ts';
import { checkBasis } from '../../core/plan/plan-basis.ts';
import type { ApprovedPlan, PlanAction } from '../../core/plan/schema.ts';
import type { Actuator, Execution } from '../../core/ports.ts';
import type { RecoveryReport } from '../../core/report/schema.ts';
import { endProcesses, type Target } from '../../platform/end-processes.ts';
import { type FileOperations, systemFileOperations } from '../../platform/files/file-operations.ts';
import { makeDirectoryItself } from '../../platform/files/make-directory.ts';
import type { Acting } from '../source.ts';
import { assembleAnswer } from './assemble-answer.ts';
import { lookAtTau, type TauDirectory, type TauLook } from './collect.ts';
import { findLivingTrainers } from './find-trainers.ts';
import { holdDirectory, KEY_LENGTH } from './hold-directory.ts';
import { makeReporter, type Reporter } from './make-reporter.ts';
import { openTauDirectory, trainerLogPath } from './read.ts';
import { describeUnwritable, recordAction } from './record-action.ts';
import { startTrainer, type Trainer } from './start-trainer.ts';
import { type StartedTrainer, watchTrainer } from './watch-trainer.ts';
import { type TauAction, writeTauReport } from './write-record.ts';

/**
 * What the actuator of a Tau state directory needs. The directory is made when it is not there and that was asked for.
 * `operations` are the system's, but in tests.
 */
export type TauActing = Omit<Acting, 'runner' | 'onStarted' | 'onWarning'> & {
  readonly path: string;
  readonly operations?: FileOperations;
};

type Options = Required<Pick<TauActing, 'operations'>> & TauActing;

type Done = Awaited<Execution['done']>;

/**
 * Carries out plans on a Tau state directory.
 *
 * Refusals are not recorded: the audit log is Tau's, and it knows no row for them.
 *
 * Source: formats/tau 3; design, rules 5 to 10; docs/tau.md.
 */
export function makeTauActuator(acting: TauActing): Actuator {
  const options = { operations: systemFileOperations, ...acting };
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
  readonly options: Options;
  readonly approved: ApprovedPlan;
  readonly tell: Teller;
  readonly watch: Watch;
  readonly left: Promise<'left'>;
};

async function carryOut(carrying: Carrying): Promise<Done> {
  const { options, approved, tell, watch, left } = carrying;
  const directory = openTauDirectory(options.path, options.request);
  const { layout } = directory;
  const self = { principal: options.principal, host: hostname(), pid: process.pid };
  const held = await holdDirectory(digestText(layout.directory).slice(0, KEY_LENGTH), layout.directory, self);
  // The trainer is started while the directory is held: whoever comes next sees it.
  const { recorded, started } = await actHeld(carrying, directory).finally(held.release);
  const { look, action, makeReport } = recorded;
  const report = started
    ? await watchTrainer({
        ...started,
        directory,
        operations: options.operations,
        makeReport,
        left: options.programPath === undefined ? left : Promise.resolve('left'),
        nowMs: options.clock.nowMs,
        stopSignal: () => watch.stopped,
      })
    : recorded.report;
  if (started) tell.tell('start_trainer', describeTrainerStep(report));
  watch.trainer = undefined;
  const value = assembleAnswer({ layout, approved, report, look, action });
  const isRecovery = report.choice === 'resume' || report.choice === 'cancel';
  return {
    steps: tell.steps(),
    report,
    reportPath: isRecovery ? layout.report : undefined,
    foreign: { value, isRecovery },
  };
}

/** A trainer that was stopped has not done what it was started for. */
function describeTrainerStep({ outcome: { status } }: RecoveryReport): Partial<StepResult> {
  if (status === 'stopped') return { state: 'failed', detail: 'stopped on request' };
  return { state: status === 'failed' ? 'failed' : 'done' };
}

type Held = { readonly recorded: Recorded; readonly started: StartedTrainer | undefined };

async function actHeld(carrying: Carrying, directory: TauDirectory): Promise<Held> {
  const recorded = await record(carrying, directory);
  const { plan } = carrying.approved;
  if (plan.choice === 'cancel') await endTrainers(carrying, directory);
  const { command } = plan.answers;
  return {
    recorded,
    started:
      command === undefined
        ? undefined
        : await start(carrying, directory, { command, actionId: recorded.action.actionId }),
  };
}

/** Ends the trainers that were started here, down to their last child. Errors: ORPHAN_NOT_ENDED. */
async function endTrainers({ options, tell }: Carrying, { runToken, layout }: TauDirectory): Promise<void> {
  const traces = { runToken, recordPath: layout.trainer };
  const look = () => findLivingTrainers(traces, { mayEnd: true });
  for (let left = await look(); left.length > 0; left = await look()) {
    tell.tell('end_trainers', { state: 'running' });
    checkEnded(await endProcesses(left, options.stopGraceMs));
  }
  // One that is known by a record alone which somebody else may have written is named, and not ended.
  checkEnded(await findLivingTrainers(traces));
  tell.tell('end_trainers', { state: 'done' });
}

function checkEnded(stubborn: readonly Target[]): void {
  if (stubborn.length === 0) return;
  const pids = stubborn.map(({ pid }) => pid).join(', ');
  throw new RecoveryError('ORPHAN_NOT_ENDED', `the job is cancelled, and trainer ${pids} could not be ended`);
}

type Recorded = {
  readonly report: RecoveryReport;
  readonly look: TauLook;
  readonly action: TauAction;
  readonly makeReport: Reporter;
};

async function writeFirstReport(
  { operations, layout }: { readonly operations: FileOperations; readonly layout: TauDirectory['layout'] },
  reports: Parameters<typeof writeTauReport>[2],
): Promise<void> {
  try {
    await writeTauReport(operations, layout, reports);
  } catch (cause) {
    throw describeUnwritable(`the recovery report could not be written in ${layout.directory}`, layout.report, cause);
  }
}

/** Everything that is written down. */
async function record({ options, approved, tell }: Carrying, directory: TauDirectory): Promise<Recorded> {
  const { clock, makeId, operations } = options;
  const startedAtMs = clock.nowMs();
  const look = await lookAtTau(directory, startedAtMs, approved.plan.answers);
  checkBasis(approved.plan, { seen: approved.evidence, now: look.evidence });
  const actionId = makeId();
  const makeReport = makeReporter({
    ...options,
    approved,
    look,
    layout: directory.layout,
    startedAtMs,
    reportId: actionId,
  });
  const { choice, answers } = approved.plan;
  const willStart = answers['command'] !== undefined;
  await makeDirectoryItself(operations, directory.layout.directory);
  const report = makeReport({ status: choice === 'cancel' ? 'cancelled' : willStart ? 'started' : 'recovered' });
  tell.tell('load_checkpoint', { state: 'done' });
  if (choice === 'resume' || choice === 'cancel') {
    await writeFirstReport({ operations, layout: directory.layout }, { report, before: look.report });
    tell.tell('write_report', { state: 'done' });
  }
  const action = await recordAction({ ...options, directory, approved, look, actionId, tell: tell.tell });
  return { report, look, action, makeReport };
}

async function start(
  { approved, tell, watch, options: { programPath, operations, clock } }: Carrying,
  directory: TauDirectory,
  { command, actionId }: { readonly command: string; readonly actionId: string },
): Promise<StartedTrainer> {
  const { evidence } = approved;
  const chosen = findTaken(controlOf(evidence), evidence.checkpoints);
  const logPath = trainerLogPath(directory.job);
  tell.tell('start_trainer', { state: 'running' });
  const trainer = await startTrainer({
    command,
    directory: directory.layout.directory,
    logPath,
    runToken: directory.runToken,
    ...(chosen && { checkpoint: chosen }),
    actionId,
    record: { operations, path: directory.layout.trainer },
    nowMs: clock.nowMs,
    ...(programPath !== undefined && { programPath }),
  });
  watch.trainer = trainer;
  if (watch.stopped) trainer.stop(watch.stopped);
  return { trainer, logPath };
}
