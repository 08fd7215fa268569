/**
 * What must have been on the screen before its key acts: a plan before consent, a refusal before it is put away, a unit
 * before it is settled.
 */
import { assembleFrame } from '../view/assemble-frame.ts';
import { type ConsoleState, type Reading, screenOf } from './console-state.ts';
import type { Store } from './store.ts';

/** Names the text on the screen; broken at another width it is another text. Undefined where nothing must be read. */
function readingKey({ job, dialog, columns }: ConsoleState): string | undefined {
  const session = job?.session;
  if (dialog?.type === 'settle' && dialog.as === undefined)
    return `settle ${dialog.unit.number} ${dialog.unit.eventSequence} ${columns}`;
  if (dialog !== undefined || session === undefined) return undefined;
  if (session.stage === 'planned') return `plan ${session.plan.digest} ${columns}`;
  return session.stage === 'refused' ? `refused ${session.error.code} ${columns}` : undefined;
}

/** Whether the text on the screen must be read before a key acts. */
export function mustBeRead(state: ConsoleState): boolean {
  return readingKey(state) !== undefined;
}

/** What has been read once the frame of `state` was on the screen: lines are read in one piece, from the first on. */
function noteRead(state: ConsoleState): Reading | undefined {
  const key = readingKey(state);
  if (key === undefined) return state.reading;
  const { from, to, total } = assembleFrame(state).text;
  const before = state.reading?.key === key ? state.reading : { key, to: 0, total };
  const reached = from <= before.to ? Math.max(before.to, to) : before.to;
  return before === state.reading && reached === before.to && total === before.total
    ? before
    : { key, to: Math.min(reached, total), total };
}

/** Follows what is on the screen: each screen begins at its top, and what was on it is read. Returns how to stop. */
export function followReading(store: Store<ConsoleState>): () => void {
  let shown = contentKey(store.snapshot());
  return store.subscribe(() => {
    const now = contentKey(store.snapshot());
    if (now !== shown) {
      shown = now;
      store.update((state) => (state.scroll === 0 ? state : { ...state, scroll: 0 }));
    }
    store.update((state) => withReading(state, noteRead(state)));
  });
}

function contentKey(state: ConsoleState): string {
  return `${screenOf(state)} ${readingKey(state) ?? ''}`;
}

function withReading(state: ConsoleState, reading: Reading | undefined): ConsoleState {
  return reading === state.reading ? state : { ...state, reading };
}
