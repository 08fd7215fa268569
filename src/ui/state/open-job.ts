/** Opens one job: its session, its units, its audit trail and log; and follows them until it is closed. */

import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { Choice } from '../../core/job/schema.ts';
import type { Session, SessionState } from '../../core/session/schema.ts';
import { describeChanges } from '../../present/change-words.ts';
import { sayOfReport } from '../../present/families/registry.ts';
import { safeText } from '../../present/safe-text.ts';
import { describeSettled } from '../../present/settled-words.ts';
import { chooseUnitWord } from '../../present/words.ts';
import { layoutConsole } from '../layout.ts';
import { formatOutcome } from '../view/outcome.ts';
import { choose } from './choose.ts';
import { type Notice, type OpenJob, type StalePlan, screenOf } from './console-state.ts';
import { type Core, inBackground, say, sayError, updateJob } from './core.ts';
import { followSettles, settledOf } from './deeds.ts';
import { startWindow } from './list-window.ts';
import { makePagedList, type PagedList } from './paged-list.ts';

/** How often a running recovery is shown at most. */
export const PROGRESS_MS = 50;

/** How many lines of the log are shown. */
export const LOG_LINES = 500;

/** Which job to open, and what was asked of it before it was open. */
export type OpenRequest = { readonly jobId: string; readonly name: string; readonly intent?: Choice };

/** Opens a job and looks at it; with an intent its plan is shown as soon as the job was looked at. */
export function openJob(core: Core, request: OpenRequest): void {
  closeJob(core);
  const session = core.options.openSession(request.jobId);
  core.store.update((state) => ({
    ...state,
    job: startJob(request, { session: session.snapshot(), height: state.rows, atMs: core.options.clock.nowMs() }),
    notice: undefined,
    scroll: 0,
    typedName: '',
  }));
  const units = makeUnits(core, request.jobId);
  const follow = makeFollower(core, session, request.intent);
  // Counted beyond the closing of the job: what was asked for is done, whoever looks.
  const stopCounting = followSettles(session, core.deeds, () => {
    const { job } = core.store.snapshot();
    return { jobId: request.jobId, name: job?.jobId === request.jobId ? job.name : request.name };
  });
  const unsubscribe = session.subscribe(follow.changed);
  core.link = {
    session,
    units,
    refresh: () => refreshView(core, request.jobId),
    close: () => {
      unsubscribe();
      follow.close();
      units.close();
      void session.idle().then(stopCounting);
    },
  };
  session.send({ type: 'inspect' });
  follow.changed();
}

/** Closes the open job and shows the list again, freshly read. */
export function closeJob(core: Core): void {
  if (core.link === undefined) return;
  core.link.close();
  core.link = undefined;
  core.store.update((state) => ({
    ...state,
    job: undefined,
    closedJobId: state.job?.jobId,
    dialog: undefined,
    notice: noticeOf(state.job),
    scroll: 0,
    typedName: '',
  }));
  core.jobs.refresh();
}

/** What a recovery came to stays in sight when its report is closed. */
function noticeOf(job: OpenJob | undefined): Notice | undefined {
  if (job?.session.stage !== 'reported') return undefined;
  const { report } = job.session;
  return {
    tone: 'plain',
    text: formatOutcome(report, undefined),
    ...(sayOfReport(report).isStillRunning && { runningId: job.jobId }),
  };
}

/** Reads again what the open view of the job shows. */
export function refreshView(core: Core, jobId: string): void {
  const { reader } = core.options;
  const screen = screenOf(core.store.snapshot());
  if (screen === 'units' || screen === 'review') core.link?.units.refresh();
  if (screen === 'audit') {
    inBackground(
      core,
      reader.audit(jobId).then((audit) => updateJob(core, (job) => ({ ...job, audit }))),
    );
  }
  if (screen === 'log') {
    inBackground(
      core,
      reader.logTail(jobId, LOG_LINES).then((log) => updateJob(core, (job) => ({ ...job, log }))),
    );
  }
}

type Start = { readonly session: SessionState; readonly height: number; readonly atMs: number };

function startJob(request: OpenRequest, start: Start): OpenJob {
  return {
    jobId: request.jobId,
    name: request.name,
    session: start.session,
    looked: undefined,
    pane: 'prompt',
    isReviewing: false,
    stale: undefined,
    units: startWindow(start.height),
    audit: undefined,
    log: undefined,
    seenAtMs: start.atMs,
  };
}

function makeUnits(core: Core, jobId: string): PagedList {
  const { reader, clock } = core.options;
  return makePagedList<UnitFacts>(
    {
      clock,
      identify: (unit) => String(unit.number),
      isOrdered: true,
      read: async (offset, limit) => {
        const isReviewing = core.store.snapshot().job?.isReviewing === true;
        const page = await reader.units(jobId, {
          statuses: isReviewing ? ['in_doubt', 'needs_review'] : [],
          offset,
          limit,
        });
        return { rows: page.units, total: page.total };
      },
      onChange: (units) => updateJob(core, (job) => ({ ...job, units })),
      onGone: core.guard.raise,
      onError: (thrown) => sayError(core, thrown),
    },
    layoutConsole(core.store.snapshot()).paneList,
  );
}

/** How often a running recovery is shown at least, so that one that stands still is seen to. */
export const PROGRESS_TICK_MS = 1000;

/** Follows a session: whole states at once, a run at most every `PROGRESS_MS` and at least every `PROGRESS_TICK_MS`. */
function makeFollower(core: Core, session: Session, intent: Choice | undefined) {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let tick: ReturnType<typeof setTimeout> | undefined;
  let open = intent;
  const show = (): void => {
    clearTimeout(timer);
    clearTimeout(tick);
    timer = undefined;
    if (session.snapshot().stage === 'executing') tick = setTimeout(show, PROGRESS_TICK_MS).unref();
    const before = core.store.snapshot().job?.session;
    const now = session.snapshot();
    // Raised first: no frame may show the new screen while keys of the one before still come in.
    if (needsGuard(before, now)) core.guard.raise();
    showState(core, now);
    noteChange(core, before, now);
    noteStale(core, before, now);
    if (now.stage !== 'diagnosed' || open === undefined) return;
    const choice = open;
    open = undefined;
    choose(core, choice);
  };
  return {
    changed: (): void => {
      const isSameRun =
        core.store.snapshot().job?.session.stage === 'executing' && session.snapshot().stage === 'executing';
      if (!isSameRun) show();
      else timer ??= setTimeout(show, PROGRESS_MS);
    },
    close: (): void => {
      clearTimeout(timer);
      clearTimeout(tick);
    },
  };
}

function showState(core: Core, now: SessionState): void {
  const looked = now.stage === 'diagnosed' || now.stage === 'planned' || now.stage === 'executing' ? now : undefined;
  updateJob(core, (job) => ({
    ...job,
    session: now,
    looked: looked ?? job.looked,
    name: looked?.evidence.job.name ?? job.name,
    seenAtMs: core.options.clock.nowMs(),
  }));
}

/** What follows from a change of stage: dialogs that make no sense any more go, keys are guarded, the outcome is kept. */
function noteChange(core: Core, before: SessionState | undefined, now: SessionState): void {
  if (now.stage === 'diagnosed') core.link?.refresh();
  noteSettled(core, now);
  if (before === undefined || before.stage === now.stage) return;
  if (now.stage === 'planned')
    core.store.update((state) => ({ ...state, notice: undefined, scroll: 0, typedName: '' }));
  if (now.stage !== 'reported' && now.stage !== 'refused') return;
  if (now.stage === 'reported') core.deeds.add(formatOutcome(now.report, now.reportPath));
  // A plan that went stale was not begun; whatever else ends a recovery may have changed something.
  else if (before.stage === 'executing' && now.error.code !== 'EVIDENCE_STALE')
    core.deeds.add(describeEnd(before, now));
  core.store.update((state) => ({ ...state, dialog: undefined, notice: undefined, scroll: 0, typedName: '' }));
  if (core.exitWhenIdle !== undefined) core.exit(core.exitWhenIdle);
}

type Stage<S extends SessionState['stage']> = Extract<SessionState, { readonly stage: S }>;

function describeEnd({ plan }: Stage<'executing'>, { error }: Stage<'refused'>): string {
  return `Job '${safeText(plan.jobName, 200)}': ${plan.choice} ended with ${error.code}; look at it again.`;
}

/** Says which units a settle was about, by number and key: what is on the screen has moved on by then. */
function noteSettled(core: Core, now: SessionState): void {
  const settled = settledOf(now);
  const [first] = settled ?? [];
  if (settled === undefined || first === undefined || core.store.snapshot().job === undefined) return;
  const unit = 'evidence' in now ? chooseUnitWord(now.evidence) : 'row';
  const more = settled.length > 1 ? ` And ${settled.length - 1} more.` : '';
  const { warning } = core;
  core.warning = undefined;
  const text = `${describeSettled(first, unit)}${more}`;
  if (warning === undefined) say(core, text);
  else say(core, `${text} ${warning}`, 'warning');
}

/**
 * A plan that went stale after it was agreed to: what changed is kept, the job is looked at again, and the new plan of
 * the same choice is shown. Nothing is agreed to by this.
 */
function noteStale(core: Core, before: SessionState | undefined, now: SessionState): void {
  const stale = core.store.snapshot().job?.stale;
  const set = (next: StalePlan | undefined): void => updateJob(core, (job) => ({ ...job, stale: next }));
  const agreed = before?.stage === 'planned' || before?.stage === 'executing' ? before.plan : undefined;
  if (now.stage === 'refused' && now.error.code === 'EVIDENCE_STALE' && agreed && core.exitWhenIdle === undefined) {
    set({ changes: describeChanges(now.error.details), stage: 'looking' });
    core.link?.session.send({ type: 'inspect' });
    core.link?.session.send({ type: 'choose', choice: agreed.choice, answers: agreed.lasting });
  } else if (stale?.stage === 'looking') {
    if (now.stage === 'planned' || now.stage === 'refused') set({ ...stale, stage: 'unread' });
  } else if (stale !== undefined && (now.stage === 'diagnosed' || now.stage === 'reported')) {
    set(undefined);
  }
}

/** Does the screen change by itself, or show a plan nobody can have read yet? */
function needsGuard(before: SessionState | undefined, now: SessionState): boolean {
  if (now.stage === 'planned') {
    // A typed name cannot be an accident, and its first letters must not be lost.
    const isTyped = now.plan.consentForm === 'type_name';
    return before?.stage === 'planned' ? before.plan.digest !== now.plan.digest : !isTyped;
  }
  return (now.stage === 'reported' || now.stage === 'refused') && before !== undefined && before.stage !== now.stage;
}
