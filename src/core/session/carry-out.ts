import { type ExecutionEvent, startResults } from '../execution/schema.ts';
import { assembleProgress } from '../job/schema.ts';
import { approvePlan } from '../plan/approve-plan.ts';
import type { Consent } from '../plan/schema.ts';
import type { SessionState } from './schema.ts';
import { refuse, type SessionContext } from './session-context.ts';

type Executing = Extract<SessionState, { stage: 'executing' }>;

const NOTHING = { pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 } as const;

/**
 * Binds a consent to the plan that is shown and carries it out to its report.
 *
 * Errors: none thrown; what goes wrong is the state `refused`.
 * Source: design, rule 8.
 */
export async function carryOut(context: SessionContext, consent: Consent): Promise<void> {
  const state = context.state();
  const { actuator, become, clock, executing } = context;
  if (state.stage !== 'planned' || !actuator) return;
  const { plan, evidence } = state;
  try {
    const approved = approvePlan(plan, consent, evidence);
    const progress = assembleProgress(evidence.units?.counts ?? NOTHING, evidence.units?.unit ?? 'row');
    become({
      ...state,
      stage: 'executing',
      steps: startResults(plan),
      progress,
      progressBefore: progress,
      startedAtMs: clock.nowMs(),
      stopping: executing.early !== undefined,
    });
    executing.current = actuator.start(approved, (event) => {
      const now = context.state();
      if (now.stage === 'executing') become(applyEvent(now, event));
    });
    if (executing.early) executing.current.stop(executing.early.signal);
    const { steps, report, reportPath, error, foreign } = await executing.current.done;
    become({ stage: 'reported', report, reportPath, steps, ...(error && { error }), ...(foreign && { foreign }) });
  } catch (thrown) {
    await refuse(context, thrown, { action: plan.choice, planDigest: plan.digest });
  } finally {
    executing.current = undefined;
  }
}

function applyEvent(state: Executing, event: ExecutionEvent): Executing {
  switch (event.type) {
    case 'step':
      return { ...state, steps: state.steps.with(event.index, event.result) };
    case 'progress':
      return { ...state, progress: event.progress, ...(event.lastUnit && { lastUnit: event.lastUnit }) };
    case 'line':
      return { ...state, lastLine: event.text };
  }
}
