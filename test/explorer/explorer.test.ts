import { describe, expect, it } from 'vitest';
import { checkWorld } from './check-world.ts';
import { type Actor, exploreAll, follow, type Move, runSchedule, wander } from './schedule.ts';
import { makeTemplate, makeWorld, type Template, type World } from './world.ts';

/** How much deeper to go than every test run does, in orders and in seeds: `npm run explore`. */
const DEPTH = Number(process.env['EXPLORE'] ?? 1);
const TIMEOUT_MS = 60_000 * DEPTH;

type Cast = (world: World) => readonly Actor[];

async function runOrder(
  template: Template,
  cast: Cast,
  choose: (enabled: readonly string[], last: string | undefined) => string,
): Promise<readonly Move[]> {
  await using world = makeWorld(template);
  const seen: string[] = [];
  let epoch = 0;
  try {
    const moves = await runSchedule(cast(world), choose, ({ name, at }) => {
      seen.push(`${name}: ${at}`);
      const now = world.epoch();
      expect(now).toBeGreaterThanOrEqual(epoch);
      epoch = now;
    });
    checkWorld(world);
    return moves;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    throw new Error(`${told}\nafter ${seen.join(', ')}\ncodes: ${world.codes.join(', ')}`, { cause: error });
  }
}

type Scene = {
  readonly verify?: true;
  readonly rowCount?: number;
  /** How often the turn is taken from one who could go on, and how many orders every test run goes through. */
  readonly preemptions: number;
  readonly orders: number;
  readonly cast: Cast;
};

const SCENES: Readonly<Record<string, Scene>> = {
  'a runner that dies, and a person': {
    rowCount: 1,
    preemptions: 3,
    orders: 60,
    cast: (world) => [world.runner('R1', 'resume'), world.killer('K', 'R1'), world.person('P')],
  },
  'a runner that dies, a person, and another runner': {
    preemptions: 3,
    orders: 15,
    cast: (world) => [
      world.runner('R1', 'resume'),
      world.killer('K', 'R1'),
      world.person('P'),
      world.runner('R2', 'resume'),
    ],
  },
  'a runner that dies, a restart and a person, with a hook': {
    verify: true,
    preemptions: 3,
    orders: 15,
    cast: (world) => [
      world.runner('R1', 'resume'),
      world.killer('K', 'R1'),
      world.runner('R2', 'restart'),
      world.person('P'),
    ],
  },
  'a runner that dies, two persons, and one who cancels': {
    preemptions: 3,
    orders: 15,
    cast: (world) => [
      world.runner('R1', 'resume'),
      world.killer('K', 'R1'),
      world.person('P1'),
      world.person('P2'),
      world.canceller('C'),
    ],
  },
  'a runner that sleeps on another host, a person, and another runner': {
    preemptions: 3,
    orders: 30,
    cast: (world) => [
      world.runner('R1', 'resume'),
      world.sleeper('S', 'R1'),
      world.person('P', 2),
      world.runner('R2', 'resume'),
    ],
  },
};

describe.each(Object.entries(SCENES))('%s', (_name, { cast, preemptions, orders, ...job }) => {
  it('nothing is done twice or lost in any of many orders', { timeout: TIMEOUT_MS }, async () => {
    await using template = await makeTemplate(job);
    const limits = { preemptions, orders: orders * DEPTH };
    const count = await exploreAll((order) => runOrder(template, cast, follow(order)), limits);
    expect(count).toBeGreaterThanOrEqual(orders);
  });

  it('nothing is done twice or lost in orders by chance', { timeout: TIMEOUT_MS }, async () => {
    await using template = await makeTemplate(job);
    for (let seed = 1; seed <= 6 * DEPTH; seed += 1) await runOrder(template, cast, wander(seed));
  });
});
