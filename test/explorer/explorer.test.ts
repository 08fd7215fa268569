import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GUARDS, type Guard } from './guards.ts';
import { playOrder } from './play-order.ts';
import { SCENES, type Scene } from './scenes.ts';
import { exploreAll, follow, parseOrder, wander } from './schedule.ts';
import { makeThreads, type Threads } from './threads.ts';
import { makeTemplate } from './world.ts';

/** How much deeper to go than every test run does, in orders and in seeds: `npm run explore`. */
const DEPTH = Number(process.env['EXPLORE'] ?? 1);
/** One order to be played again, as a failure printed it: `ORDER=... npx vitest run test/explorer -t 'SCENE'`. */
const ORDER = process.env['ORDER'];
const LIMITS = { preemptions: DEPTH > 1 ? 3 : 1, orders: 6 * DEPTH };
const TIMEOUT_MS = 60_000 * DEPTH;

let threads: Threads;
beforeAll(async () => {
  threads = await makeThreads();
});
afterAll(() => threads[Symbol.asyncDispose]());

describe.each(Object.entries<Scene>(SCENES))('%s', (name, scene) => {
  const orders = Object.values<Guard>(GUARDS).filter((guard) => guard.scene === name);

  it('nothing is done twice or lost in any of many orders', { timeout: TIMEOUT_MS }, async () => {
    await using template = await makeTemplate(scene);
    const stage = { scene, template, threads };
    if (ORDER !== undefined) return void (await playOrder(stage, follow(parseOrder(ORDER))));
    for (const { order } of orders) await playOrder(stage, follow(parseOrder(order)));
    const { count, isAll } = await exploreAll((order) => playOrder(stage, follow(order)), LIMITS);
    expect(isAll ? LIMITS.orders : count).toBe(LIMITS.orders);
    for (let seed = 1; seed <= DEPTH; seed += 1) await playOrder(stage, wander(seed));
    if (DEPTH > 1) process.stdout.write(`EXPLORED ${name}: ${count} orders, ${isAll ? 'all' : 'not all'}\n`);
  });
});
