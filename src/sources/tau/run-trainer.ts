/** The process that stays beside a trainer for which nobody waits. */

import { STOP_SIGNALS } from '../../core/execution/stop-signals.ts';
import { systemFileOperations } from '../../platform/files/file-operations.ts';
import { RUN_TOKEN_VARIABLE } from '../../platform/find-run-processes.ts';
import { TRAINER_OF_VARIABLE } from './find-trainers.ts';
import { holdTrainer } from './hold-trainer.ts';
import { beginRecorded, type WatchRequest } from './start-trainer.ts';

/** What stops Salvor does not stop the one that has to see the end. */

/**
 * Starts the trainer that its parent asks for, in a session of its own, tells its process, and records how it ended,
 * however long that takes and whether or not the parent is still there.
 *
 * Errors: STATE_FULL, STATE_UNWRITABLE, RUN_FAILED; they stand in the trainer's log.
 * Source: docs/tau.md; design, rule 2.
 */
export async function runTrainer(nowMs: () => number): Promise<number> {
  for (const name of STOP_SIGNALS) process.on(name, () => {});
  const { command, recordPath, actionId, markDirectory } = await receiveRequest();
  const { [TRAINER_OF_VARIABLE]: runToken = '', ...env } = process.env;
  const environment = { ...env, [RUN_TOKEN_VARIABLE]: runToken };
  const held = await holdTrainer({ command, output: 'inherit', environment, runToken, markDirectory });
  const place = { operations: systemFileOperations, path: recordPath };
  const record = await beginRecorded(held, { actionId, record: place, nowMs });
  // The parent may be gone; the trainer is there all the same.
  process.send?.({ type: 'started', pid: held.pid }, undefined, undefined, () => {});
  await record.writeEnd({ ...(await held.ended), atMs: nowMs(), isStopped: false });
  if (process.connected) process.disconnect();
  return 0;
}

function receiveRequest(): Promise<WatchRequest> {
  return new Promise((resolve, reject) => {
    process.once('message', (message) => {
      // From now on the parent may go.
      process.channel?.unref();
      resolve(readRequest(message));
    });
    process.once('disconnect', () => reject(new Error('the parent is gone before it asked for anything')));
  });
}

/** It is of this very version of Salvor; what is not there would be a bug. */
function readRequest(message: unknown): WatchRequest {
  const fields: Readonly<Record<string, unknown>> =
    typeof message === 'object' && message !== null ? { ...message } : {};
  const text = (name: keyof WatchRequest) => String(fields[name] ?? '');
  return {
    command: text('command'),
    recordPath: text('recordPath'),
    actionId: text('actionId'),
    markDirectory: text('markDirectory'),
  };
}
