/**
 * Runs actors one step at a time, in an order that is given: between two gates of one actor nobody else moves. An order
 * is a list of names; where it ends the actor that moved last goes on, else the first that can.
 */

/**
 * What moves. `move` lets it go on until it waits again, and says where, or that it has ended. An event befalls actors
 * and takes the turn from nobody.
 */
export type Actor = {
  readonly name: string;
  readonly isEvent?: true;
  readonly canMove: () => boolean;
  readonly move: () => Promise<string>;
};

/** One move: who made it, up to which gate, and who could have; `events` are those of them that are events. */
export type Move = {
  readonly name: string;
  readonly at: string;
  readonly enabled: readonly string[];
  readonly events: readonly string[];
};

/** Chooses who moves next. */
export type Choose = (enabled: readonly string[], last: string | undefined) => string;

/** Runs actors until none can move. `check` is called after every move. */
export async function runSchedule(
  actors: readonly Actor[],
  choose: Choose,
  check: (move: Move) => void,
): Promise<readonly Move[]> {
  const moves: Move[] = [];
  for (;;) {
    const able = actors.filter((actor) => actor.canMove());
    if (able.length === 0) return moves;
    const enabled = able.map(({ name }) => name);
    const events = able.filter(({ isEvent }) => isEvent === true).map(({ name }) => name);
    const name = choose(enabled, moves.findLast((move) => !move.events.includes(move.name))?.name);
    const chosen = able.find((actor) => actor.name === name);
    if (!chosen) throw new Error(`${name} cannot move; ${enabled.join(', ')} can`);
    const move = { name, at: await chosen.move(), enabled, events };
    moves.push(move);
    check(move);
  }
}

/** How far to go: how often the turn is taken from one who could go on, and how many orders are run. */
export type Limits = { readonly preemptions: number; readonly orders: number };

/**
 * Runs every order of moves that takes the turn from an actor that could go on at most `preemptions` times, by running
 * each and branching wherever another could have moved; those with the fewest first, since most faults need few. Where
 * not all can be run, those that are are of every kind. Answers how many there were, and whether these were all.
 */
export async function exploreAll(
  runOrder: (order: readonly string[]) => Promise<readonly Move[]>,
  limits: Limits,
): Promise<{ readonly count: number; readonly isAll: boolean }> {
  const random = makeRandom(1);
  const open: (readonly string[])[][] = [[[]]];
  const take = (): readonly string[] | undefined => {
    const level = open.find((orders) => orders.length > 0);
    return level?.splice(Math.floor(random() * level.length), 1)[0];
  };
  let count = 0;
  for (let order = take(); order; order = take()) {
    if (count === limits.orders) return { count, isAll: false };
    const moves = await runOrder(order);
    count += 1;
    for (const { cost, branch } of listBranches(moves, order.length)) {
      if (cost > limits.preemptions) continue;
      const level = open[cost] ?? [];
      open[cost] = level;
      level.push(branch);
    }
  }
  return { count, isAll: true };
}

/** The orders that go another way at one move behind the first `from`, and how often they take the turn from somebody. */
function listBranches(moves: readonly Move[], from: number) {
  const names = moves.map(({ name }) => name);
  const costs = [0];
  for (const [index, { name }] of moves.entries()) costs.push((costs[index] ?? 0) + costOf(moves, index, name));
  return moves.slice(from).flatMap(({ name, enabled }, offset) => {
    const at = from + offset;
    const others = enabled.filter((other) => other !== name);
    return others.map((other) => ({
      branch: [...names.slice(0, at), other],
      cost: (costs[at] ?? 0) + costOf(moves, at, other),
    }));
  });
}

/** 1 when the turn is taken from an actor that could have gone on. */
function costOf(moves: readonly Move[], at: number, name: string): number {
  const { enabled = [], events = [] } = moves[at] ?? {};
  const last = moves.slice(0, at).findLast((move) => !move.events.includes(move.name))?.name;
  return last !== undefined && last !== name && !events.includes(name) && enabled.includes(last) ? 1 : 0;
}

/** Follows an order as far as it can be, then goes on with whoever moved last. */
export function follow(order: readonly string[]): Choose {
  let at = 0;
  return (enabled, last) => {
    const named = order[at];
    at += 1;
    // The program may have more or fewer gates than when the order was written down.
    if (named !== undefined && enabled.includes(named)) return named;
    return last !== undefined && enabled.includes(last) ? last : (enabled[0] ?? '');
  };
}

/** Chooses by a seed: mostly the one who moved last, so that long runs happen as well as quick changes. */
export function wander(seed: number): Choose {
  const random = makeRandom(seed);
  return (enabled, last) => {
    if (last !== undefined && enabled.includes(last) && random() < 0.7) return last;
    return enabled[Math.floor(random() * enabled.length)] ?? '';
  };
}

/** An order as one word, runs of one actor counted: `R1*3,P,R1*2`. */
export function formatOrder(names: readonly string[]): string {
  const runs: { readonly name: string; count: number }[] = [];
  for (const name of names) {
    const last = runs.at(-1);
    if (last?.name === name) last.count += 1;
    else runs.push({ name, count: 1 });
  }
  return runs.map(({ name, count }) => (count === 1 ? name : `${name}*${count}`)).join(',');
}

/** The order that such a word names. */
export function parseOrder(text: string): readonly string[] {
  return text.split(',').flatMap((run) => {
    const [name = '', count = '1'] = run.split('*');
    return Array.from({ length: Number(count) }, () => name);
  });
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
