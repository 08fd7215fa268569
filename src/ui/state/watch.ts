/** Live refresh: what is on the screen is read again after the state changed, at a bounded pace. */
import type { Verdict } from '../../core/job/schema.ts';
import type { Session } from '../../core/session/schema.ts';
import type { Core } from './core.ts';

/** The least time between two refreshes of the list, and between two looks at the open job. */
export const LIST_REFRESH_MS = 200;
export const JOB_REFRESH_MS = 1000;
/** How often what runs is looked at again: the death of its runner changes no file. */
export const LIVING_LOOK_MS = 2000;

export type Watch = { readonly start: () => void; readonly close: () => void };

/**
 * Watches the state for a console. A job is only looked at again while nothing is asked of the operator; a change that
 * came meanwhile is looked at as soon as the job itself is on the screen again.
 */
export function makeWatch(core: Core): Watch {
  const list = makePace(LIST_REFRESH_MS, () => {
    if (core.store.snapshot().job === undefined) core.jobs.refresh();
  });
  let isLookDue = false;
  const job = makePace(JOB_REFRESH_MS, () => {
    isLookDue = true;
    lookIfShown();
  });
  const lookIfShown = (): void => {
    const { link } = core;
    if (link === undefined || !isLookDue) return;
    // After everything already said to the session: a look must not fall between a choice and its plan.
    void whenSaid(link.session).then(() => {
      if (link !== core.link || !isLookDue || !isOnlyShown(core)) return;
      isLookDue = false;
      link.session.send({ type: 'inspect' });
    });
  };
  const look = (): void => {
    if (core.store.snapshot().job === undefined) list.ask();
    else job.ask();
  };
  const stops: (() => void)[] = [];
  return {
    start: () => {
      const tick = setInterval(() => {
        if (showsLiving(core)) look();
      }, LIVING_LOOK_MS);
      tick.unref();
      stops.push(core.options.reader.watch(look), core.store.subscribe(lookIfShown), () => clearInterval(tick));
    },
    close: () => {
      for (const stop of stops) stop();
      list.close();
      job.close();
    },
  };
}

/** Resolves when nothing is under way, and nothing was said meanwhile. */
async function whenSaid(session: Session): Promise<void> {
  for (let work: Promise<void> | undefined; work !== session.idle(); ) {
    work = session.idle();
    await work;
  }
}

/** True while what is on the screen may die, or come to life elsewhere, without a file changing here. */
function showsLiving(core: Core): boolean {
  const { job, jobs } = core.store.snapshot();
  if (job !== undefined) return LIVING.has(job.looked?.diagnosis.verdict ?? 'finished');
  return jobs.rows.some(({ verdict }) => LIVING.has(verdict));
}

const LIVING: ReadonlySet<Verdict> = new Set(['alive', 'stalled', 'unknown']);

/** True while the open job is only looked at: nothing is being decided, run or told. */
function isOnlyShown(core: Core): boolean {
  const { job, dialog } = core.store.snapshot();
  return (
    core.link?.session.snapshot().stage === 'diagnosed' && job?.session.stage === 'diagnosed' && dialog === undefined
  );
}

/** Runs `work` at once when it was not run lately, else once when the time has come. */
function makePace(everyMs: number, work: () => void) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let isAsked = false;
  const run = (): void => {
    isAsked = false;
    timer = setTimeout(() => {
      timer = undefined;
      if (isAsked) run();
    }, everyMs);
    timer.unref();
    work();
  };
  return {
    ask: (): void => {
      if (timer === undefined) run();
      else isAsked = true;
    },
    close: (): void => clearTimeout(timer),
  };
}
