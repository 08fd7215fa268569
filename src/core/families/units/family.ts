/** Jobs of rows or steps that Salvor runs itself: batch and workflow. Source: seeds 002 and 004. */
import { countWaiting } from '../../diagnosis/attention.ts';
import type { Evidence } from '../../evidence/schema.ts';
import { allowOnly } from '../../plan/common-rules.ts';
import type { Family, Reported, ReportParts } from '../family.ts';
import { diagnoseUnits } from './diagnose.ts';
import { askOrphans, askVerify } from './questions.ts';
import { guard } from './rules.ts';
import { cancelSteps, restartSteps, resumeSteps, stopSteps } from './steps.ts';
import { countProven, warnOfCancel, warnOfRestart, warnOfResume, warnOfStop } from './warnings.ts';

/** The family. */
export const UNITS: Family = {
  name: 'units',
  formatAction: (deed) => `recover:${deed}`,
  diagnose: diagnoseUnits,
  report: describeReport,
  choices: [
    {
      choice: 'resume',
      label: 'Continue from where it stopped',
      consent: 'confirm',
      basis: 'everything',
      rules: [allowOnly('recover:resume'), guard('resume')],
      questions: (context) => [...askOrphans(context), ...askVerify(context)],
      steps: resumeSteps,
      warnings: warnOfResume,
    },
    {
      choice: 'restart',
      label: 'Start over from the beginning (may create duplicates!)',
      consent: 'type_name',
      basis: 'everything',
      rules: [allowOnly('recover:restart'), guard('restart')],
      questions: askOrphans,
      steps: restartSteps,
      warnings: warnOfRestart,
      countRepeats: ({ units }) => (units ? countProven(units) : 0),
    },
    {
      choice: 'stop',
      label: 'Stop it after what it has in hand; it can be resumed',
      consent: 'confirm',
      basis: 'holder',
      isForRunning: true,
      rules: [allowOnly('recover:stop'), guard('stop')],
      questions: () => [],
      steps: stopSteps,
      warnings: warnOfStop,
    },
    {
      choice: 'cancel',
      label: 'Abandon this job',
      consent: 'confirm',
      basis: 'holder',
      rules: [allowOnly('recover:cancel'), guard('cancel')],
      questions: () => [],
      steps: cancelSteps,
      warnings: warnOfCancel,
    },
    {
      choice: 'review',
      label: 'Look at what needs attention',
      rules: [guard('review')],
      countUnits: ({ evidence: { units }, diagnosis: { verdict } }) =>
        countWaiting({ verdict, ...(units && { counts: units.counts }) }),
    },
  ],
};

function describeReport({ approved: { plan, evidence }, policy, describeFindings }: Reported): ReportParts {
  const access = policy.type === 'none' ? ['access: no policy is named, so every action is allowed to everybody'] : [];
  return {
    strategy: plan.choice === 'resume' ? 'continue_units' : null,
    crash_evidence: describeEvidence(evidence),
    prior_training_state: null,
    diagnostics: [...describeFindings(), ...access],
  };
}

function describeEvidence({ lease, liveness, recorded, orphans }: Evidence): { fact: string; value: string }[] {
  const facts: readonly (readonly [string, unknown])[] = [
    ['recorded_status', recorded.status],
    ['holder', lease && `${lease.host} pid ${lease.pid} epoch ${lease.epoch}`],
    ['lock', liveness?.lock],
    ['boot', liveness?.boot],
    ['process', liveness?.process],
    ['last_heartbeat', lease && new Date(lease.heartbeatAtMs).toISOString()],
    ['orphans', orphans.length > 0 ? orphans.map((orphan) => orphan.pid).join(' ') : undefined],
  ];
  return facts.filter(([, value]) => value !== undefined).map(([fact, value]) => ({ fact, value: String(value) }));
}
