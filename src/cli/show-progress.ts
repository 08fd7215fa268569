import type { Session } from '../core/session/schema.ts';
import { systemClock } from '../platform/clock.ts';
import { describeStep } from '../present/words.ts';
import type { CommandContext } from './command-context.ts';
import { makeProgressLine, type ProgressLine } from './progress-line.ts';

/** Shows a session's execution on standard error: steps as they begin, and the progress of units. */
export function showProgress(session: Session, { output }: CommandContext): { readonly close: () => void } {
  // The stream is opened when there is something to show: that takes longer than a job takes to be cancelled.
  let line: ProgressLine | undefined;
  const begun = new Set<number>();
  const unsubscribe = session.subscribe(() => {
    const state = session.snapshot();
    if (state.stage !== 'executing') return;
    for (const [index, result] of state.steps.entries()) {
      if (result.state === 'not_run' || begun.has(index)) continue;
      begun.add(index);
      output.note(`- ${describeStep(result.step, state.progress.unit)}`);
    }
    if (!state.lastUnit) return;
    line ??= makeProgressLine(process.stderr, systemClock.nowMs);
    line.update(state.progress, state.lastUnit);
  });
  return {
    close() {
      unsubscribe();
      line?.close();
    },
  };
}
