/**
 * Trainings under someone else's control: another program trains, its directory records a lifecycle, and any action may
 * change that from every recorded state. Source: formats/tau 3; seed 000.
 */
import type { Family } from '../family.ts';
import { diagnoseControl } from './diagnose.ts';
import { askCheckpoint, askCommand } from './questions.ts';
import { describeReport } from './report.ts';
import {
  allowControl,
  checkFiles,
  checkFinished,
  checkHistory,
  checkLogReadable,
  checkNamed,
  checkOvertaken,
  checkRestore,
  checkTrainer,
  formatActionKey,
} from './rules.ts';
import { cancelSteps, pauseSteps, resumeSteps, rollbackSteps } from './steps.ts';
import { warnOfPause, warnOfRecord, warnOfResume, warnOfRollback } from './warnings.ts';

/** The family. Its rules are in the order the format's first reader tries them. */
export const TRAINING_CONTROL: Family = {
  name: 'training-control',
  formatAction: formatActionKey,
  diagnose: diagnoseControl,
  report: describeReport,
  choices: [
    {
      choice: 'resume',
      label: 'Continue from where it stopped',
      consent: 'confirm',
      basis: 'everything',
      rules: [
        allowControl('resume'),
        checkFiles,
        checkLogReadable,
        checkHistory,
        checkOvertaken,
        checkTrainer,
        checkFinished,
        checkRestore,
      ],
      questions: askCommand,
      steps: resumeSteps,
      warnings: warnOfResume,
    },
    {
      choice: 'pause',
      label: 'Record it as paused',
      consent: 'confirm',
      basis: 'holder',
      rules: [allowControl('pause'), checkFiles, checkLogReadable],
      questions: () => [],
      steps: pauseSteps,
      warnings: warnOfPause,
    },
    {
      choice: 'rollback',
      label: 'Go back to a checkpoint',
      consent: 'confirm',
      basis: 'everything',
      rules: [allowControl('rollback'), checkFiles, checkLogReadable, checkTrainer, checkNamed],
      looksFor: ['checkpoint'],
      questions: askCheckpoint,
      steps: rollbackSteps,
      warnings: warnOfRollback,
    },
    {
      choice: 'cancel',
      label: 'Abandon this job',
      consent: 'confirm',
      basis: 'holder',
      rules: [allowControl('cancel'), checkFiles, checkLogReadable],
      questions: () => [],
      steps: cancelSteps,
      warnings: warnOfRecord,
    },
  ],
};
