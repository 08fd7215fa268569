/** A state of the console for every screen there is, on the sample job. */
import { RecoveryError } from '../../src/core/errors.ts';
import type { UnitFacts } from '../../src/core/evidence/schema.ts';
import type { JobSummary } from '../../src/core/job/schema.ts';
import type { SessionState } from '../../src/core/session/schema.ts';
import { layoutConsole } from '../../src/ui/layout.ts';
import {
  type ConsoleState,
  type Dialog,
  type OpenJob,
  type Pane,
  type ScreenName,
  startState,
} from '../../src/ui/state/console-state.ts';
import { applyPage, type ListWindow, startWindow } from '../../src/ui/state/list-window.ts';
import {
  SAMPLE_MS,
  sampleDoubt,
  sampleLooked,
  sampleReport,
  sampleRestartPlan,
  sampleResumePlan,
  sampleSummary,
  sampleUnit,
} from './sample-evidence.ts';
import type { Size } from './terminal/emulator.ts';

/** Jobs of a list: the sample job first, then others in every verdict, some with wide or long names. */
export function sampleJobs(): readonly JobSummary[] {
  const job = (id: string, name: string, change: Partial<JobSummary>): JobSummary => {
    const { lastError: _error, recommended: _recommended, ...rest } = sampleSummary(change);
    return { ...rest, ...change, job: { ...rest.job, id, name } };
  };
  const progress = (done: number, total: number) => ({
    done,
    total,
    unit: 'row' as const,
    failed: 0,
    inDoubt: 0,
    needsReview: 0,
  });
  return [
    sampleSummary(),
    job('job-2', '配送ジョブ 東京 (express)', { verdict: 'stalled', progress: progress(199, 200), receiptCount: 199 }),
    job('job-3', 'A job with a name that is much longer than any column of any list', {
      verdict: 'unknown',
      progress: progress(0, 12_000),
    }),
    job('job-4', 'Nightly report', {
      verdict: 'failed',
      progress: { ...progress(3, 9), unit: 'step' },
      checkpoint: 'primary',
      recommended: 'resume',
    }),
    job('job-5', 'Returns', {
      verdict: 'interrupted',
      progress: { ...progress(10, 40), inDoubt: 2, needsReview: 1 },
      receiptCount: 10,
      recommended: 'review',
    }),
    job('job-6', 'Gold tier', {
      verdict: 'inconsistent',
      progress: { ...progress(0, 0), unit: 'step' },
      checkpoint: 'none',
    }),
    job('job-7', 'Invoices', { verdict: 'alive', progress: progress(50, 100), receiptCount: 50 }),
    job('job-8', 'Old orders', { verdict: 'finished', progress: progress(80, 80), receiptCount: 80 }),
  ];
}

/** A window that has read all of `rows`. */
export function sampleWindow<T>(rows: readonly T[], height: number): ListWindow<T> {
  return applyPage(
    startWindow<T>(height),
    { rows, offset: 0, total: rows.length },
    { identify: JSON.stringify, keepOrder: false },
  );
}

const UNITS: readonly UnitFacts[] = [
  sampleUnit(46),
  sampleUnit(47, { attempts: 3 }),
  sampleDoubt(48),
  { ...sampleDoubt(49), status: 'needs_review', error: { code: 'timeout', message: 'no answer after 30s' } },
  { ...sampleDoubt(50), status: 'failed', error: { code: 'E-3001', message: 'UPS API timeout' } },
  { ...sampleDoubt(51), status: 'pending', attempts: 0 },
];

const COUNTS = { done: 47, total: 200, unit: 'row', failed: 1, inDoubt: 0, needsReview: 0 } as const;

const STAGES = {
  diagnosed: { stage: 'diagnosed', ...sampleLooked() },
  planned: { stage: 'planned', ...sampleLooked(), plan: sampleResumePlan() },
  restart: { stage: 'planned', ...sampleLooked(), plan: sampleRestartPlan() },
  executing: {
    stage: 'executing',
    ...sampleLooked(),
    plan: sampleResumePlan(),
    steps: [
      { step: { by: 'actuator', action: 'take_lease', epoch: 2 }, state: 'done' },
      { step: { by: 'runner', action: 'retry_failed_units', count: 1 }, state: 'done' },
      { step: { by: 'runner', action: 'run_units', count: 153 }, state: 'running' },
    ],
    progress: { ...COUNTS, done: 77, failed: 0 },
    progressBefore: COUNTS,
    startedAtMs: SAMPLE_MS,
    lastUnit: { number: 77, key: 'A77', receipt: '1Z999AA10123456814' },
    lastLine: 'label printed for A77',
    stopping: false,
  },
  reported: {
    stage: 'reported',
    report: sampleReport(),
    reportPath: '/srv/jobs/job-california/recovery-report.json',
    steps: [{ step: { by: 'actuator', action: 'take_lease', epoch: 2 }, state: 'done' }],
  },
  refused: {
    stage: 'refused',
    error: new RecoveryError('EVIDENCE_STALE', "job 'California Orders' has changed since the plan was shown"),
    looked: sampleLooked(),
  },
} as const satisfies Record<string, SessionState>;

function openJob(size: Size, session: SessionState, change: Partial<OpenJob> = {}): OpenJob {
  const { paneList } = layoutConsole(size);
  return {
    jobId: 'job-california',
    name: 'California Orders',
    session,
    looked: sampleLooked(),
    pane: 'prompt',
    isReviewing: false,
    stale: undefined,
    units: sampleWindow(UNITS, paneList),
    audit: [
      {
        sequence: 1,
        atMs: SAMPLE_MS - 90_000,
        principal: 'local:ops',
        action: 'job.created',
        outcome: 'done',
        details: {},
        hash: 'a',
      },
      {
        sequence: 2,
        atMs: SAMPLE_MS,
        principal: 'local:eve',
        action: 'recover.restart',
        outcome: 'refused',
        code: 'ACCESS_DENIED',
        details: {},
        hash: 'b',
      },
    ],
    log: ['shipping A46', 'shipping A47', 'UPS API timeout'],
    seenAtMs: SAMPLE_MS + 60_000,
    ...change,
  };
}

const TRAINED = sampleLooked({ evidence: { ...sampleLooked().evidence, checkpoints: [] } });

const PANE_OF: Readonly<Partial<Record<ScreenName, Pane>>> = {
  checkpoints: 'units',
  units: 'units',
  evidence: 'evidence',
  audit: 'audit',
  log: 'log',
};

const STAGE_OF: Readonly<Partial<Record<ScreenName, SessionState>>> = {
  plan: STAGES.planned,
  answer_text: STAGES.planned,
  type_name: STAGES.restart,
  progress: STAGES.executing,
  leave: STAGES.executing,
  report: STAGES.reported,
  refused: STAGES.refused,
};

const DIALOG_OF: Readonly<Partial<Record<ScreenName, Dialog>>> = {
  help: { type: 'help' },
  leave: { type: 'leave', thenQuit: false },
  settle: { type: 'settle', unit: sampleDoubt(48), field: 'reason', receipt: '', reason: '' },
  settle_text: {
    type: 'settle',
    unit: sampleDoubt(48),
    as: 'done',
    field: 'reason',
    receipt: '1Z999AA10123456785',
    reason: 'seen in the UPS portal',
  },
  answer_text: {
    type: 'answer',
    questionId: 'checkpoint',
    prompt: 'Which checkpoint does training go back to?',
    text: '/srv/',
  },
};

/** The state that shows `screen` on a terminal of `size`. */
export function sampleScreen(screen: ScreenName, size: Size): ConsoleState {
  const start = startState({ ...size, place: '/srv/salvor', version: '0.1.0', readOnly: false });
  const jobs = sampleWindow(sampleJobs(), layoutConsole(size).list);
  const isList = screen === 'jobs' || screen === 'filter';
  const session = STAGE_OF[screen] ?? STAGES.diagnosed;
  const isReviewing = screen === 'review' || screen === 'settle' || screen === 'settle_text';
  const pane = PANE_OF[screen] ?? 'prompt';
  return {
    ...start,
    jobs,
    ...(screen === 'filter' ? { isFiltering: true, filter: 'Cali' } : {}),
    ...(screen === 'type_name' ? { typedName: 'California' } : {}),
    job: isList
      ? undefined
      : openJob(size, session, { pane, isReviewing, ...(screen === 'checkpoints' && { looked: TRAINED }) }),
    dialog: DIALOG_OF[screen],
  };
}
