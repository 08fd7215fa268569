/** What a session of the sample job answers to every command. */
import type { SessionCommand } from '../../src/core/session/schema.ts';
import type { Answer } from './fake-session.ts';
import { SAMPLE_MS, sampleLooked, sampleReport } from './sample-evidence.ts';

/** Answers of a session that goes through a whole recovery, and waits while it executes. */
export const SAMPLE_ANSWERS: { readonly [T in SessionCommand['type']]?: Answer } = {
  inspect: () => ({ stage: 'diagnosed', ...sampleLooked() }),
  choose: (command) => {
    const looked = sampleLooked();
    const choice = command.type === 'choose' ? command.choice : 'pause';
    const proposal = choice === 'pause' || choice === 'rollback' ? undefined : looked.proposals[choice];
    return proposal?.type === 'plan' ? { stage: 'planned', ...looked, plan: proposal.plan } : undefined;
  },
  back: () => ({ stage: 'diagnosed', ...sampleLooked() }),
  approve: (_command, state) =>
    state.stage === 'planned'
      ? {
          stage: 'executing',
          ...sampleLooked(),
          plan: state.plan,
          steps: state.plan.steps.map((step) => ({ step, state: 'not_run' as const })),
          progress: { done: 47, total: 200, unit: 'row', failed: 1, inDoubt: 0, needsReview: 0 },
          progressBefore: { done: 47, total: 200, unit: 'row', failed: 1, inDoubt: 0, needsReview: 0 },
          startedAtMs: SAMPLE_MS,
          stopping: false,
        }
      : undefined,
  stop: (_command, state) => (state.stage === 'executing' ? { ...state, stopping: true } : undefined),
  detach: () => undefined,
};

/** The state a reported recovery of the sample job is in. */
export function sampleReported() {
  return {
    stage: 'reported',
    report: sampleReport(),
    reportPath: '/srv/jobs/job-california/recovery-report.json',
    steps: [],
  } as const;
}
