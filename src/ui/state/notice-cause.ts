/** Messages that answer a key which did nothing: they go with the next key, and when their cause is gone. */
import { mayRun } from '../../present/choices.ts';
import { safeText } from '../../present/safe-text.ts';
import { CHOICES, keysOfScreen } from '../keymap.ts';
import { type ConsoleState, type NoticeCause, screenOf } from './console-state.ts';
import type { Core } from './core.ts';
import { assembleKeyContext } from './key-context.ts';
import type { Store } from './store.ts';

/** Shows why a key did nothing; foreign text in it is made safe. */
export function answerKey(core: Pick<Core, 'store'>, text: string, cause: NoticeCause): void {
  core.store.update((state) => ({ ...state, notice: { tone: 'warning', text: safeText(text), cause } }));
}

/** Drops a message as soon as its cause is gone; returns how to stop. */
export function followCauses(store: Store<ConsoleState>): () => void {
  return store.subscribe(() => store.update((state) => (isGone(state) ? { ...state, notice: undefined } : state)));
}

function isGone(state: ConsoleState): boolean {
  const { runningId } = state.notice ?? {};
  if (runningId !== undefined) return !mayStillRun(state, runningId);
  const { command, why } = state.notice?.cause ?? {};
  return command !== undefined && findWhy(state, command) !== why;
}

/** Whether the list does not say otherwise: a job that is on none of its pages came to its end. */
function mayStillRun({ jobs: { rows, total, isRead } }: ConsoleState, jobId: string): boolean {
  const row = rows.find(({ job }) => job.id === jobId);
  return row === undefined ? !isRead || rows.length < total : mayRun(row.verdict);
}

/** Why a command does nothing now; a refused choice by its code, since its message may count seconds. */
function findWhy(state: ConsoleState, command: string): string | undefined {
  const context = assembleKeyContext(state);
  const reason = keysOfScreen(screenOf(state))
    .find((row) => row.command === command)
    ?.blockedBy?.(context);
  const choice = CHOICES.find((one) => one === command);
  const proposal = choice === undefined ? undefined : state.job?.looked?.proposals[choice];
  return proposal?.type === 'refused' && reason === proposal.refusal.message ? proposal.refusal.code : reason;
}
