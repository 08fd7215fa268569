import type { Session } from '../core/session/schema.ts';
import { systemClock } from '../platform/clock.ts';
import { describeStep } from '../present/words.ts';
import type { CommandContext } from './command-context.ts';
import { makeProgressLine } from './progress-line.ts';

/** Shows a session's execution on standard error: steps as they begin, and the progress of units. */
export function showProgress(session: Session, { output }: CommandContext): { readonly close: () => void } {
  const line = makeProgressLine(process.stderr, systemClock.nowMs);
  const begun = new Set<number>();
  const unsubscribe = session.subscribe(() => {
    const state = session.snapshot();
    if (state.stage !== 'executing') return;
    for (const [index, result] of state.steps.entries()) {
      if (result.state === 'not_run' || begun.has(index)) continue;
      begun.add(index);
      output.note(`- ${describeStep(result.step)}`);
    }
    if (state.lastUnit) line.update(state.progress, state.lastUnit);
  });
  return {
    close() {
      unsubscribe();
      line.close();
    },
  };
}
