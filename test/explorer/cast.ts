/** Those who act, each in a thread of its own, and what befalls them: a kill, a request to stop, time that passes. */
import type { Actor } from './schedule.ts';
import { type ActorNews, type Beginning, CLOCK, type Part } from './thread-words.ts';
import type { Thread, Threads } from './threads.ts';

/** A heartbeat so old counts for nothing across hosts. */
const LONG_MS = 600_000;

/** How an actor came out: nothing while it has not begun, `dead` when it was killed. */
export type Outcome = { readonly part: Part; state: 'waiting' | 'acting' | 'ended' | 'dead'; end?: string };

/** Where they act. */
export type Place = Pick<Beginning, 'path' | 'jobId' | 'ledgerPath'>;

/** Who may be in a scene. */
export type Cast = AsyncDisposable & {
  /** Every code somebody was refused or ended with. */
  readonly codes: readonly string[];
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly actor: (name: string, part: Part) => Actor;
  /** An actor that begins once an event befell, or another has ended. */
  readonly actorAfter: (before: string, name: string, part: Part) => Actor;
  /** Ends an actor where it stands. */
  readonly killer: (name: string, victim: string) => Actor;
  /** Asks an actor to stop, as SIGTERM and the console do. */
  readonly stopper: (name: string, victim: string) => Actor;
  /** Lets ten minutes pass. */
  readonly time: (name: string) => Actor;
  /** Plays a part from its beginning to its end, with nobody in between. */
  readonly playAlone: (part: Part) => Promise<void>;
};

/** Makes a cast that acts in one place, from a time on (epoch milliseconds). */
export function makeCast(threads: Threads, place: Place, startMs: number): Cast {
  const clock = new Float64Array(new SharedArrayBuffer(8));
  clock[CLOCK] = startMs;
  const codes: string[] = [];
  const outcomes = new Map<string, Outcome>();
  const playing = new Map<string, Thread>();

  const hear = (name: string, news: ActorNews): string => {
    if (news.type === 'gate') return news.label;
    const outcome = outcomes.get(name);
    // What the dead say is heard by nobody.
    if (outcome?.state !== 'dead') codes.push(...news.codes);
    if (outcome && outcome.state !== 'dead') outcome.state = 'ended';
    if (outcome && news.end !== undefined) outcome.end = news.end;
    const thread = playing.get(name);
    if (thread) threads.giveBack(thread);
    playing.delete(name);
    return outcome?.state === 'dead' ? 'dead' : 'end';
  };
  const begin = async (name: string, part: Part, isFree: boolean): Promise<string> => {
    outcomes.set(name, { part, state: 'acting' });
    const thread = threads.take();
    playing.set(name, thread);
    return hear(name, await thread.begin({ ...place, name, part, clock, isFree }));
  };
  const over = new Set<string>();
  const once = (name: string, canMove: () => boolean, act: () => Promise<void> | void): Actor => {
    let isOver = false;
    return {
      name,
      isEvent: true,
      canMove: () => !isOver && canMove(),
      async move() {
        isOver = true;
        over.add(name);
        await act();
        return 'end';
      },
    };
  };
  const kill = async (name: string): Promise<void> => {
    const outcome = outcomes.get(name);
    const thread = playing.get(name);
    if (outcome) outcome.state = 'dead';
    if (thread) hear(name, await thread.die());
  };
  const actor = (name: string, part: Part): Actor => {
    outcomes.set(name, { part, state: 'waiting' });
    return {
      name,
      canMove: () => ['waiting', 'acting'].includes(outcomes.get(name)?.state ?? ''),
      async move() {
        const thread = playing.get(name);
        return thread ? hear(name, await thread.go()) : begin(name, part, false);
      },
    };
  };
  return {
    codes,
    outcomes,
    actor,
    actorAfter(before, name, part) {
      const late = actor(name, part);
      const isBegun = () => over.has(before) || ['ended', 'dead'].includes(outcomes.get(before)?.state ?? '');
      return { ...late, canMove: () => isBegun() && late.canMove() };
    },
    killer: (name, victim) =>
      once(
        name,
        () => playing.has(victim),
        () => kill(victim),
      ),
    stopper: (name, victim) =>
      once(
        name,
        () => playing.has(victim),
        () => playing.get(victim)?.askToStop(),
      ),
    time: (name) =>
      once(
        name,
        () => playing.size > 0,
        () => {
          clock[CLOCK] = (clock[CLOCK] ?? 0) + LONG_MS;
        },
      ),
    async playAlone(part) {
      clock[CLOCK] = (clock[CLOCK] ?? 0) + LONG_MS;
      await begin(`alone ${outcomes.size}`, part, true);
    },
    async [Symbol.asyncDispose]() {
      for (const name of [...playing.keys()]) await kill(name);
    },
  };
}
