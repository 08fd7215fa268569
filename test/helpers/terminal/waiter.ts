/** Waiting on what a screen says, never on time; the limit only turns a hang into a failure that shows the screen. */

/** How long anything may take before the test fails. */
export const WAIT_LIMIT_MS = 60_000;

/** A text that must be on the screen, or a question about it. */
export type Wanted = string | RegExp | ((screen: string) => boolean);

export type Waiter = (wanted: Wanted) => Promise<string>;

/** A screen that changes. */
export type Watched = {
  readonly screen: () => string;
  readonly subscribe: (tell: () => void) => () => void;
  /** False while a frame is half drawn: what a person never sees is not waited for. */
  readonly isWhole: () => boolean;
};

/** Makes the waiter of one screen. */
export function makeWaiter({ screen, subscribe, isWhole }: Watched): Waiter {
  return (wanted) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const look = (): void => {
      if (!isWhole()) return;
      const now = screen();
      if (!isThere(now, wanted)) return;
      finish();
      resolve(now);
    };
    const timer = setTimeout(() => {
      finish();
      reject(new Error(`waited for ${String(wanted)} on this screen:\n${screen()}`));
    }, WAIT_LIMIT_MS);
    const unsubscribe = subscribe(look);
    const finish = (): void => {
      clearTimeout(timer);
      unsubscribe();
    };
    look();
    return promise;
  };
}

function isThere(screen: string, wanted: Wanted): boolean {
  if (typeof wanted === 'string') return screen.includes(wanted);
  return typeof wanted === 'function' ? wanted(screen) : wanted.test(screen);
}
