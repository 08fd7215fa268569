/** Threads for actors: each is started once and plays one part after the other, in one world after the other. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { bundleActor, type Change } from './bundle-actor.ts';
import { type ActorNews, type Beginning, DIE, GO, STOP, TURN } from './thread-words.ts';

/** A thread that plays a part. Every word to it is answered by where it waits next, or how it ended. */
export type Thread = {
  readonly begin: (beginning: Omit<Beginning, 'turns'>) => Promise<ActorNews>;
  readonly go: () => Promise<ActorNews>;
  /** Ends it where it stands, as a kill does a process. */
  readonly die: () => Promise<ActorNews>;
  /** Is heard when it goes on. */
  readonly askToStop: () => void;
  readonly end: () => Promise<unknown>;
};

/** Threads that nobody uses now. */
export type Threads = AsyncDisposable & { readonly take: () => Thread; readonly giveBack: (thread: Thread) => void };

/** Makes threads that run the program as it is, but for `changes`. */
export async function makeThreads(changes: readonly Change[] = []): Promise<Threads> {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-actor-'));
  const path = join(folder, 'actor.mjs');
  writeFileSync(path, await bundleActor(changes));
  const all: Thread[] = [];
  const idle: Thread[] = [];
  return {
    take() {
      const thread = idle.pop() ?? startThread(path);
      if (!all.includes(thread)) all.push(thread);
      return thread;
    },
    giveBack: (thread) => void idle.push(thread),
    async [Symbol.asyncDispose]() {
      await Promise.all(all.map((thread) => thread.end()));
      rmSync(folder, { recursive: true });
    },
  };
}

function startThread(path: string): Thread {
  const worker = new Worker(path);
  const turns = new Int32Array(new SharedArrayBuffer(8));
  let answer: PromiseWithResolvers<ActorNews> | undefined;
  worker.on('message', (news: ActorNews) => answer?.resolve(news));
  worker.on('error', (error) => answer?.reject(error));
  const ask = (word: () => void): Promise<ActorNews> => {
    answer = Promise.withResolvers<ActorNews>();
    word();
    return answer.promise;
  };
  const wake = (word: number): void => {
    Atomics.store(turns, TURN, word);
    Atomics.notify(turns, TURN);
  };
  return {
    begin: (beginning) =>
      ask(() => {
        turns.fill(0);
        worker.postMessage({ ...beginning, turns });
      }),
    go: () => ask(() => wake(GO)),
    die: () => ask(() => wake(DIE)),
    askToStop: () => void Atomics.store(turns, STOP, 1),
    end: () => worker.terminate(),
  };
}
