/**
 * Runs actors one step at a time, in an order that is given: between two gates of one actor nobody else moves. An order
 * is a list of names; where it ends the actor that moved last goes on, else the first that can.
 */

/** Where an actor waits until it is its turn. */
export type Gate = (label: string) => Promise<void>;

/** What moves. `canMove` says whether it may begin, or go on, now. */
export type Actor = {
  readonly name: string;
  readonly run: (gate: Gate) => Promise<void>;
  readonly canMove?: () => boolean;
};

/** One move: who made it, up to which gate, and who could have. */
export type Move = { readonly name: string; readonly at: string; readonly enabled: readonly string[] };

type Running = {
  readonly actor: Actor;
  at: string;
  next: (() => void) | undefined;
  ended: boolean;
  reached: () => void;
};

/** Runs actors to their ends. `check` is called after every move. Actors that can never move again are left. */
export async function runSchedule(
  actors: readonly Actor[],
  choose: (enabled: readonly string[], last: string | undefined) => string,
  check: (move: Move) => void,
): Promise<readonly Move[]> {
  const running = actors.map(start);
  const moves: Move[] = [];
  for (;;) {
    const able = running.filter(({ ended, actor }) => !ended && (actor.canMove?.() ?? true));
    if (able.length === 0) return moves;
    const enabled = able.map(({ actor }) => actor.name);
    const name = choose(enabled, moves.at(-1)?.name);
    const chosen = able.find(({ actor }) => actor.name === name);
    if (!chosen) throw new Error(`${name} cannot move; ${enabled.join(', ')} can`);
    await moveOn(chosen);
    const move = { name, at: chosen.ended ? 'end' : chosen.at, enabled };
    moves.push(move);
    check(move);
  }
}

function start(actor: Actor): Running {
  return { actor, at: 'begin', next: undefined, ended: false, reached: () => {} };
}

/** Lets an actor run from its gate to the next one, or to its end; what it throws is thrown. */
function moveOn(running: Running): Promise<void> {
  return new Promise((resolve, reject) => {
    running.reached = resolve;
    const { next } = running;
    if (next) {
      next();
      return;
    }
    const gate: Gate = (label) =>
      new Promise((go) => {
        running.at = label;
        running.next = go;
        running.reached();
      });
    running.actor.run(gate).then(() => {
      running.ended = true;
      running.reached();
    }, reject);
  });
}

/**
 * Every order of moves that takes the turn from an actor that could go on at most `preemptions` times, by running each
 * and branching wherever another could have moved. Answers how many there were.
 */
export async function exploreAll(
  runOrder: (order: readonly string[]) => Promise<readonly Move[]>,
  limits: { readonly preemptions: number; readonly orders: number },
): Promise<number> {
  const open: (readonly string[])[] = [[]];
  // Where not all can be run, those that are are of every kind.
  const random = makeRandom(1);
  const take = () => open.splice(Math.floor(random() * open.length), 1)[0];
  let count = 0;
  for (let order = take(); order && count < limits.orders; order = take()) {
    const moves = await runOrder(order);
    count += 1;
    for (let at = moves.length - 1; at >= order.length; at -= 1) open.push(...branch(moves, at, limits.preemptions));
  }
  return count;
}

/** The orders that go another way at one move. */
function branch(moves: readonly Move[], at: number, preemptions: number): readonly (readonly string[])[] {
  const before = moves.slice(0, at);
  const { name, enabled } = moves[at] ?? { name: '', enabled: [] };
  return enabled
    .filter((other) => other !== name && countPreemptions(before, other, enabled) <= preemptions)
    .map((other) => [...before.map((move) => move.name), other]);
}

/** How often the turn was taken from an actor that could have gone on, the next move included. */
function countPreemptions(moves: readonly Move[], next: string, enabled: readonly string[]): number {
  const turns = [...moves, { name: next, at: '', enabled }];
  return turns.filter((move, index) => {
    const last = turns[index - 1]?.name;
    return last !== undefined && last !== move.name && move.enabled.includes(last);
  }).length;
}

/** Follows an order, then goes on with whoever moved last. */
export function follow(order: readonly string[]): (enabled: readonly string[], last: string | undefined) => string {
  let at = 0;
  return (enabled, last) => {
    const named = order[at];
    at += 1;
    if (named !== undefined) return named;
    return last !== undefined && enabled.includes(last) ? last : (enabled[0] ?? '');
  };
}

/** Chooses by a seed: mostly the one who moved last, so that long runs happen as well as quick changes. */
export function wander(seed: number): (enabled: readonly string[], last: string | undefined) => string {
  const random = makeRandom(seed);
  return (enabled, last) => {
    if (last !== undefined && enabled.includes(last) && random() < 0.4) return last;
    return enabled[Math.floor(random() * enabled.length)] ?? '';
  };
}

/** Numbers from [0, 1), the same for the same seed. Source: mulberry32. */
export function makeRandom(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
