import { expect } from 'vitest';
import { checkEnd, checkWorld, finishWorld } from './check-world.ts';
import type { Scene } from './scenes.ts';
import { type Choose, formatOrder, type Move, runSchedule } from './schedule.ts';
import type { Threads } from './threads.ts';
import { makeWorld, type Template } from './world.ts';

/** Where a scene is played: the job as it is at the beginning, and threads for the actors. */
export type Stage = { readonly scene: Scene; readonly template: Template; readonly threads: Threads };

/**
 * Plays a scene in one order and checks what came of it.
 *
 * Errors: what is not as it must be, with the order that leads there, to be played again by `ORDER`.
 */
export async function playOrder({ scene, template, threads }: Stage, choose: Choose): Promise<readonly Move[]> {
  await using world = makeWorld(template, threads);
  const seen: Pick<Move, 'name' | 'at'>[] = [];
  let epoch = 0;
  try {
    const moves = await runSchedule(scene.cast(world), choose, ({ name, at }) => {
      seen.push({ name, at });
      const now = world.epoch();
      expect(now, 'epochs rise').toBeGreaterThanOrEqual(epoch);
      epoch = now;
    });
    const tables = checkWorld(world);
    checkEnd(world, tables, scene.writesBack === true);
    await finishWorld(world, scene.writesBack === true);
    return moves;
  } catch (error) {
    const told = error instanceof Error ? error.message : String(error);
    const order = formatOrder(seen.map(({ name }) => name));
    const steps = seen.map(({ name, at }) => `${name}: ${at}`).join(', ');
    throw new Error(`${told}\nORDER='${order}'\nafter ${steps}\ncodes: ${world.codes.join(', ')}`, { cause: error });
  }
}
