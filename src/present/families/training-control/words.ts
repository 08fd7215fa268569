/** What findings, steps and warnings of a training control directory are called. Foreign text is made safe here. */
import type { CheckpointEvidence } from '../../../core/evidence/checkpoint-schema.ts';
import { describeTrainerEnd } from '../../../core/families/training-control/describe-trainer-end.ts';
import type {
  ControlFinding,
  ControlStep,
  ControlWarning,
  TrainingStatus,
} from '../../../core/families/training-control/schema.ts';
import { formatTime } from '../../format.ts';
import { safeText } from '../../safe-text.ts';
import type { FindingWords, QuestionWords, StepWords, WarningWords } from '../family-words.ts';

/** The longest path that is shown. Unit: characters. */
const PATH_LIMIT = 1_000;

const path = (text: string): string => safeText(text, PATH_LIMIT);

/** What the files of a control directory are called. */
export const CONTROL_FILES: Readonly<Record<string, string>> = {
  control_state: 'the control state',
  status: 'the training status',
  audit_log: 'the audit log',
  recovery_report: 'the last recovery report',
  access_policy: 'the access policy',
};

const STALE_WORDS: Readonly<Record<NonNullable<TrainingStatus['stale']>, string>> = {
  older_than_state: 'it is older than the control state',
  other_run: 'it is of another run',
};

const UNFINISHED_WORDS = {
  control_state: 'the control state does not have it',
  restored_checkpoint: 'the primary is not the checkpoint it names',
  audit_row: 'the audit log has no row of it',
} as const;

/** Findings, by type. */
export const CONTROL_FINDING_WORDS: FindingWords<ControlFinding['type']> = {
  control_crashed: ({ status }) =>
    `crashed: recorded as running, and ${status === undefined ? 'there is no training status' : `no end of that run is recorded (status ${safeText(status.runState, 60)})`}`,
  status_stale: ({ status: { runState, updatedAtMs, stale = 'older_than_state' } }) =>
    `the status ${safeText(runState, 60)} of ${formatTime(updatedAtMs)} does not count: ${STALE_WORDS[stale]}`,
  trainer_alive: ({ trainer }) =>
    `running: the trainer that was started here lives: process ${trainer.pid} (${safeText(trainer.command, 120)})`,
  state_overtaken: ({ overtaken: { action, atMs, line } }) =>
    `the control state is older than the last row of the audit log, line ${line}: ${safeText(action, 20)} of ${formatTime(atMs)}; it was put back, or somebody else wrote the row`,
  state_lost: ({ lost: { keptAs, atMs } }) =>
    `a control state was recorded here and was set aside${atMs === undefined ? '' : ` at ${formatTime(atMs)}`}${keptAs === undefined ? '' : ` as ${path(keptAs)}`}: nobody can tell whether the run crashed; if it did, roll back to a checkpoint before it is resumed`,
  trainer_ended: ({ end }) =>
    `the trainer ${safeText(describeTrainerEnd(end), 60)} at ${formatTime(end.atMs)}${end.isStopped ? '; it had been asked to stop' : ''}`,
  checkpoint_refused: ({ checkpoint }) => describeRefusedCheckpoint(checkpoint),
  checkpoint_choice: ({ detail }) => safeText(detail),
  audit_torn: ({ tornLine }) =>
    `the last line of the audit log, line ${tornLine.line} at byte ${tornLine.offset}, was cut short (${tornLine.sizeBytes} bytes); the next action keeps its bytes and goes on`,
  audit_row_odd: ({ row }) =>
    `line ${row.line} of the audit log is counted as ${safeText(row.action, 60)}, and no strict reader takes it: ${safeText(row.detail)}`,
  control_file_bad: ({ file }) =>
    `${CONTROL_FILES[file.what] ?? file.what} ${path(file.path)} cannot be used: ${safeText(file.problem?.message ?? file.state)}${file.what === 'recovery_report' ? '; the next recovery keeps it aside' : ''}`,
  action_unfinished: ({ unfinished }) =>
    `${safeText(unfinished.action, 20)} of ${formatTime(unfinished.atMs)} was cut short: ${unfinished.missing.map((what) => UNFINISHED_WORDS[what]).join('; ')}`,
};

function describeRefusedCheckpoint({ source, path: file, problem }: CheckpointEvidence): string {
  return `${source} checkpoint ${path(file)} is refused: ${safeText(problem?.message ?? '')}`;
}

const SOURCE_WORDS: Readonly<Record<CheckpointEvidence['source'], string>> = {
  primary: 'the primary checkpoint',
  fallback: 'the fallback checkpoint',
  leftover: 'the checkpoint that a save left before its rename',
  chosen: 'the checkpoint that the rollback named',
  named: 'the checkpoint that was named',
};

/** Steps, by action. */
export const CONTROL_STEP_WORDS: StepWords<ControlStep['action']> = {
  load_checkpoint: ({ source, runId, globalStep, lostSteps }) =>
    `take ${SOURCE_WORDS[source]}: training of run ${safeText(runId, 80)} goes on from global step ${globalStep}; ${describeLost(lostSteps)}`,
  write_report: ({ path: file }) => `write the recovery report ${path(file)}; earlier ones are kept beside it`,
  set_lifecycle: ({ from, to, idempotent }) =>
    `record the job as ${to} (${describeBefore(from)}${idempotent && from !== 'missing' ? '; nothing changes but the record' : ''})`,
  restore_checkpoint: ({ path: file, globalStep }) =>
    `make ${path(file)} (global step ${globalStep}) the primary checkpoint; the one there now is kept`,
  repair_audit: ({ line, sizeBytes }) =>
    `repair line ${line} of the audit log, which was cut short; its ${sizeBytes} bytes are kept in the new row`,
  append_audit: ({ actionKey }) => `append ${actionKey} to the audit log`,
  end_trainers: ({ pids }) => `end the trainer, with all that it started: process ${pids.join(', ')}`,
  start_trainer: ({ command, globalStep }) =>
    `start the trainer ${globalStep === undefined ? 'without a checkpoint' : `at global step ${globalStep}`}: ${safeText(command, 300)}`,
};

function describeBefore(from: string): string {
  return from === 'missing' ? 'nothing is recorded: the control state is made anew' : `it is ${safeText(from, 60)}`;
}

function describeLost(lostSteps: string | undefined): string {
  if (lostSteps === undefined) return 'Salvor cannot tell how many steps are lost';
  if (lostSteps === '0') return 'steps after it are lost';
  return `${lostSteps} ${lostSteps === '1' ? 'step is' : 'steps are'} lost`;
}

/** Warnings, by code. */
export const CONTROL_WARNING_WORDS: WarningWords<ControlWarning> = {
  STATUS_ONLY: () =>
    'Nobody holds a lease here: the recorded status is the only evidence. Make sure that no trainer runs elsewhere.',
  NOTHING_STARTED: () => 'No command is named (--exec, or resume_command): nothing will be started.',
  AUDIT_SHORT: ({ count = 0, label = '' }) =>
    `WARNING: the audit log cannot be read from ${safeText(label, 40)} on: only the ${count} rows before it are counted.`,
  ACCESS_OPEN: ({ label }) =>
    `WARNING: there is no access policy${label === undefined ? '' : ` at ${path(label)}`}: everybody may do everything, in a team as well.`,
  TRAINER_GOES_ON: ({ label = '' }) =>
    `WARNING: a pause records a state and stops nothing: the trainer (process ${safeText(label, 80)}) goes on until it looks at its control state. To end it, cancel.`,
  STATE_LOST: () =>
    'WARNING: the control state was set aside, and nobody can tell whether the run crashed: if it did, roll back to a checkpoint first.',
  CHECKPOINT_UNPROVEN: ({ label }) =>
    `${label === undefined ? 'The checkpoint' : path(label)} carries no digest: its structure is whole, and silent damage to a number would not be seen.`,
};

/** Questions, by id. */
export const CONTROL_QUESTIONS: QuestionWords = {
  command: () => ({
    prompt: 'No command is named that starts the trainer:',
    facts: [],
    options: [],
    text: 'the command that starts the trainer',
  }),
  checkpoint: ({ evidence: { checkpoints = [] }, question }) => ({
    prompt: 'Which checkpoint does training go back to?',
    facts: [],
    options: question.options.map((option) => {
      const found = checkpoints.find(({ source, path: at }) => source === option.value || at === option.value);
      const step = `global step ${found?.globalStep ?? 'unknown'}, grade ${found?.grade ?? 'R'}`;
      return { ...option, label: `${found?.source ?? ''}: ${step} (${path(found?.path ?? option.value)})` };
    }),
    text: 'the path of another checkpoint',
  }),
};
