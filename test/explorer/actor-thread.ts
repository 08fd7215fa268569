/** The thread of an actor: plays one part after the other. */
import { parentPort } from 'node:worker_threads';
import { beginLife, checkAlive, tell } from './gate.ts';
import { play } from './play.ts';
import type { Beginning } from './thread-words.ts';

parentPort?.on('message', (beginning: Beginning) => {
  beginLife(beginning);
  play(beginning).then(
    (ending) => tell({ type: 'ended', ...ending }),
    (thrown: unknown) => {
      try {
        checkAlive();
      } catch {
        return tell({ type: 'ended', codes: [] });
      }
      return tell({ type: 'ended', codes: [thrown instanceof Error ? String(thrown.stack) : String(thrown)] });
    },
  );
});
