/** The real console on a terminal of its own, over jobs that really ran and really died. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Act, LedgerJob } from './ledger-job.ts';
import { PROGRAM, type RunningSalvor } from './salvor.ts';
import { openPty, type Pty, type PtyOptions } from './terminal/open-pty.ts';
import { waitFor } from './wait-for.ts';

/** A console that runs; it is killed at the end of the scope (`using`). */
export type RealConsole = Pty &
  Disposable & {
    /** Waits until the screen says all of `texts` and shows its keys, so that they act. */
    readonly ready: (...texts: readonly string[]) => Promise<string>;
    /** Presses keys in one write, then waits until the screen is ready and says all of `texts`. */
    readonly press: (keys: string, ...texts: readonly string[]) => Promise<string>;
    /** Agrees to the plan that is shown; resolves once the screen has gone on from it. */
    readonly agree: () => Promise<void>;
  };

export type ConsoleStart = Partial<PtyOptions> & { readonly args?: readonly string[] };

export const ENTER = '\r';
export const ESCAPE = '\u001b';
export const DOWN = '\u001b[B';
export const CTRL_C = '\u0003';

const AGREEMENT = 'y agrees to the plan';
const PRESS_AGAIN_MS = 1_000;
/** So long nothing happens on the busiest machine only when a key was dropped. */
const UNHEARD_MS = 3_000;

/** Opens `salvor` on a state directory, or on the default one. */
export function openRealConsole(
  state: string | undefined,
  { args = [], env, ...start }: ConsoleStart = {},
): RealConsole {
  const PATH = `${dirname(process.execPath)}:${process.env['PATH']}`;
  const pty = openPty(process.execPath, [PROGRAM, ...(state === undefined ? [] : ['--state', state]), ...args], {
    columns: 80,
    rows: 24,
    ...start,
    env: { PATH, ...env },
  });
  const ready = (...texts: readonly string[]) =>
    pty.waitFor((screen) => showsKeys(screen) && texts.every((text) => screen.includes(text)));
  return {
    ...pty,
    ready,
    async press(keys, ...texts) {
      const before = pty.screen();
      let last = before;
      // The same for a key that came in the moment a look did: the screen stands still, and shows its keys. What the
      // look brought may be on it by now; text is typed again only where nothing is.
      const again = setInterval(() => {
        const screen = pty.screen();
        const isStill = screen === before || (keys.length === 1 && screen === last);
        if (isStill && showsKeys(screen)) pty.type(keys);
        last = screen;
      }, UNHEARD_MS);
      try {
        pty.type(keys);
        return await ready(...texts);
      } finally {
        clearInterval(again);
      }
    },
    async agree() {
      // A look that comes in just now drops keys that act for a moment; a person would press again, and so does this.
      const again = setInterval(() => {
        if (pty.screen().includes(AGREEMENT)) pty.type('y');
      }, PRESS_AGAIN_MS);
      try {
        pty.type('y');
        // The plan does not say it either while keys that act are dropped: then the screen shows no keys.
        await pty.waitFor((screen) => showsKeys(screen) && !screen.includes(AGREEMENT));
      } finally {
        clearInterval(again);
      }
    },
    [Symbol.dispose]: () => pty.dispose(),
  };
}

/** While keys are dropped the last rows are empty. */
function showsKeys(screen: string): boolean {
  return screen.split('\n').slice(-2).join('').trim() !== '';
}

/** Runs a job until the row of `key` ends as `act` says, and kills its whole process group there. */
export async function killAt(job: LedgerJob, key: string, act: Extract<Act, 'pause' | 'torn' | 'hold'>): Promise<void> {
  await using running = await runUntil(job, key, act);
  running.signalGroup('SIGKILL');
  await running.ended;
}

/** Runs a job until the row of `key` waits; `hold` waits with its receipt known, `torn` has killed its group. */
export async function runUntil(job: LedgerJob, key: string, act: Act): Promise<RunningSalvor> {
  job.act({ [key]: act });
  const running = job.start(['run', 'job.yaml']);
  await waitFor(`row ${key} has begun`, () => !job.willAct(key));
  if (act === 'hold') await waitFor(`row ${key} has a receipt`, () => job.events('receipt').includes(numberOf(key)));
  if (act === 'torn') await running.ended;
  return running;
}

function numberOf(key: string): number {
  return Number(key.slice(1));
}

/** The report a recovery wrote, as it is on disk. */
export function readReport(job: LedgerJob): Readonly<Record<string, unknown>> {
  return JSON.parse(readFileSync(`${job.state}/jobs/${job.jobId()}/recovery-report.json`, 'utf8'));
}
