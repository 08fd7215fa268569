/** Drops keys that act for a moment after the screen changed by itself, or shows a plan nobody can have read yet. */
import { TYPING_SCREENS } from '../keymap.ts';
import { type ConsoleState, type ScreenName, screenOf } from './console-state.ts';
import type { Store } from './store.ts';

/** How long keys that act are dropped. Source: terminal traps 2 and 12. */
export const GUARD_MS = 150;

export type Guard = {
  /** Starts (again) to drop keys that act; the footer shows no keys until it is over. */
  readonly raise: () => void;
  /** May this key, as the terminal sent it, go through now? Leaving, suspending and moving always may. */
  readonly accepts: (raw: string) => boolean;
  readonly close: () => void;
};

/** Makes the guard of one console. It writes `isGuarded`, so the screen says when keys act again. */
export function makeGuard(store: Store<ConsoleState>): Guard {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const lower = (): void => store.update((state) => ({ ...state, isGuarded: false }));
  return {
    raise: () => {
      clearTimeout(timer);
      timer = setTimeout(lower, GUARD_MS);
      store.update((state) => (state.isGuarded ? state : { ...state, isGuarded: true }));
    },
    accepts(raw) {
      const state = store.snapshot();
      if (!state.isGuarded || isHarmless(raw)) return true;
      // A letter goes into the text; what ends the text may act.
      const screen = screenOf(state);
      if (TYPING_SCREENS.includes(screen)) return raw !== '\r' && raw !== '\n';
      return MOVES.has(raw) || (GOES_BACK.has(raw) && !UNREAD.has(screen));
    },
    close: () => clearTimeout(timer),
  };
}

/** Letters that move or help, and act on nothing. */
const MOVES: ReadonlySet<string> = new Set(['j', 'k', 'g', 'G', '?', '\t']);
const GOES_BACK: ReadonlySet<string> = new Set(['q', 'n']);
/** Screens that come by themselves: to go back from one is to miss what it says, or to leave Salvor. */
const UNREAD: ReadonlySet<ScreenName> = new Set(['report', 'refused', 'jobs']);

/** Ctrl+C, Ctrl+Z, Escape and every control sequence (arrows, paging); pastes begin with Escape but hold text. */
function isHarmless(raw: string): boolean {
  return raw === '\u0003' || raw === '\u001a' || (raw.startsWith('\u001b') && !raw.startsWith('\u001b[200~'));
}
