import type { ExecutionEvent } from '../core/execution/schema.ts';
import { assembleProgress, type UnitCounts, type UnitStatus } from '../core/job/schema.ts';

/** Counts along while a run is shown live. What is recorded and reported is always counted from the units. */
export type Tally = {
  readonly move: (from: UnitStatus, to: UnitStatus) => void;
  readonly replace: (counts: UnitCounts) => void;
  /** Tells the progress; `lastUnit` is the one it is about. */
  readonly tell: (lastUnit?: { readonly number: number; readonly key: string; readonly receipt?: string }) => void;
};

/** Makes a tally that starts from counted units. */
export function makeTally(
  start: UnitCounts,
  { unit, onEvent }: { readonly unit: 'row' | 'step'; readonly onEvent: (event: ExecutionEvent) => void },
): Tally {
  let counts: Record<UnitStatus, number> = { ...start };
  return {
    move(from, to) {
      counts[from] -= 1;
      counts[to] += 1;
    },
    replace(fresh) {
      counts = { ...fresh };
    },
    tell(lastUnit) {
      onEvent({ type: 'progress', progress: assembleProgress(counts, unit), ...(lastUnit && { lastUnit }) });
    },
  };
}
