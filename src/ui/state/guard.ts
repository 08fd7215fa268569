/** Drops keys that act for a moment after the screen changed by itself, or shows a plan nobody can have read yet. */
import type { ConsoleState } from './console-state.ts';
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
    accepts: (raw) => !store.snapshot().isGuarded || isHarmless(raw),
    close: () => clearTimeout(timer),
  };
}

/** Ctrl+C, Ctrl+Z, Escape and every control sequence (arrows, paging); pastes begin with Escape but hold text. */
function isHarmless(raw: string): boolean {
  return raw === '\u0003' || raw === '\u001a' || (raw.startsWith('\u001b') && !raw.startsWith('\u001b[200~'));
}
