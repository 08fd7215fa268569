/** Leaving: the console never ends or leaves a running recovery without asking. */

import { safeText } from '../../present/safe-text.ts';
import type { OpenJob } from './console-state.ts';
import { type Core, say, setDialog } from './core.ts';
import { closeJob } from './open-job.ts';

/** Exit code of Ctrl+C. Source: contract, exit codes. */
export const EXIT_INTERRUPTED = 130;

/** Ctrl+C: leaves; while a recovery runs it asks first, and pressed again stops the recovery and leaves. */
export function interrupt(core: Core): void {
  const { job, dialog } = core.store.snapshot();
  if (job?.session.stage !== 'executing') {
    core.exit(EXIT_INTERRUPTED);
    return;
  }
  if (dialog?.type === 'leave') {
    core.exitWhenIdle = EXIT_INTERRUPTED;
    stopRun(core);
    return;
  }
  setDialog(core, { type: 'leave', thenQuit: true });
}

/** Asks what should become of the running recovery. */
export function askLeave(core: Core): void {
  setDialog(core, { type: 'leave', thenQuit: false });
}

/** Stops after the unit in hand; the job stays resumable. */
export function stopRun(core: Core): void {
  const { dialog } = core.store.snapshot();
  if (dialog?.type === 'leave' && dialog.thenQuit) core.exitWhenIdle ??= EXIT_INTERRUPTED;
  setDialog(core, undefined);
  core.link?.session.send({ type: 'stop' });
  say(core, 'Stopping after the one in hand; what was done is kept.');
}

/** Leaves the recovery running in the background and goes back to the jobs, or out. */
export function detachRun(core: Core): void {
  const { dialog, job } = core.store.snapshot();
  core.link?.session.send({ type: 'detach' });
  const words = describeDetached(job);
  core.deeds.add(words);
  closeJob(core);
  if (dialog?.type === 'leave' && dialog.thenQuit) core.exit(0);
  else say(core, words);
}

/** Ends the console from outside (a signal): a running recovery is asked to stop, then the console leaves. */
export function endConsole(core: Core, exitCode: number): void {
  const { job } = core.store.snapshot();
  const isRunning = job?.session.stage === 'executing';
  if (!isRunning || core.exitWhenIdle !== undefined) {
    if (isRunning) core.deeds.add(`${safeText(job.name, 200)}: was still being recovered; look at it again.`);
    core.exit(exitCode);
    return;
  }
  core.exitWhenIdle = exitCode;
  core.link?.session.send({ type: 'stop' });
  say(core, 'Asked to end: stopping after the one in hand.', 'warning');
}

/** Leaves because the terminal is gone: nobody can watch a running recovery any more, so it goes on by itself. */
export function leaveConsole(core: Core, exitCode: number): void {
  const { job } = core.store.snapshot();
  if (job?.session.stage === 'executing') {
    core.link?.session.send({ type: 'detach' });
    core.deeds.add(describeDetached(job));
  }
  core.exit(exitCode);
}

function describeDetached(job: OpenJob | undefined): string {
  return `${safeText(job?.name ?? 'The job', 200)}: goes on in the background.`;
}
