import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { applyChange } from './bundle-actor.ts';
import { GUARDS, type Guard } from './guards.ts';
import { playOrder, type Stage } from './play-order.ts';
import { SCENES, type Scene } from './scenes.ts';
import { exploreAll, follow, parseOrder } from './schedule.ts';
import { makeThreads } from './threads.ts';
import { makeTemplate } from './world.ts';

const ROOT = join(import.meta.dirname, '..', '..');
const LIST = Object.entries<Guard>(GUARDS);
const LIMITS = { preemptions: 2, orders: 600 };

it.each(LIST)('%s: it stands where it can be taken away', (_name, { changes }) => {
  for (const change of changes) applyChange(readFileSync(join(ROOT, change.file), 'utf8'), change);
});

/** What goes wrong in an order of a scene, or undefined. */
function findFault(stage: Stage, order: string): Promise<string | undefined> {
  return playOrder(stage, follow(parseOrder(order))).then(
    () => undefined,
    (error: unknown) => String(error),
  );
}

/** An order that would notice, for whoever has to write another one down. */
function findOrder(stage: Stage): Promise<string | undefined> {
  return exploreAll((order) => playOrder(stage, follow(order)), LIMITS).then(
    () => undefined,
    (error: unknown) => /ORDER='(.*)'/.exec(String(error))?.[1],
  );
}

// It makes a program of its own for each of them.
describe.runIf(process.env['EXPLORE'] !== undefined)('without a guard', () => {
  it.each(LIST)('%s: without it its order goes wrong', { timeout: 600_000 }, async (_name, guard) => {
    const scene: Scene = SCENES[guard.scene];
    await using threads = await makeThreads(guard.changes);
    await using template = await makeTemplate(scene);
    const stage = { scene, template, threads };
    const fault = await findFault(stage, guard.order);
    const better = fault === undefined ? await findOrder(stage) : guard.order;
    expect(guard.order).toBe(better ?? `no order of ${LIMITS.orders} goes wrong`);
    expect(fault).toMatch(/^Error: .*expected /);
  });
});
