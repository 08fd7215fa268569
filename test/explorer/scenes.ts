/** Who meets whom. Scenes are small, so that few orders are needed to see what can go wrong between any two. */
import type { Actor } from './schedule.ts';
import type { JobShape, World } from './world.ts';

/** A job, and who acts on it. */
export type Scene = JobShape & { readonly cast: (world: World) => readonly Actor[] };

const RESUME = { type: 'choose', choice: 'resume' } as const;
const ELSEWHERE = { ...RESUME, isElsewhere: true } as const;
const RESTART = { type: 'choose', choice: 'restart' } as const;
const CANCEL = { type: 'choose', choice: 'cancel' } as const;
const SETTLE = { type: 'settle', rounds: 1 } as const;
const WRITE_BACK = { type: 'write_back' } as const;

export const SCENES = {
  'two runners': {
    rows: ['pending'],
    cast: (world) => [world.actor('R1', RESUME), world.actor('R2', RESUME)],
  },
  'a runner that dies, and a person': {
    rows: ['pending'],
    cast: (world) => [world.actor('R1', RESUME), world.killer('K', 'R1'), world.actor('P', SETTLE)],
  },
  'a runner that dies, a person, and another runner': {
    rows: ['pending', 'pending'],
    cast: (world) => [
      world.actor('R1', RESUME),
      world.killer('K', 'R1'),
      world.actor('P', SETTLE),
      world.actorAfter('K', 'R2', RESUME),
    ],
  },
  'a runner that dies, and a restart, with a hook': {
    ...{ rows: ['in_doubt', 'pending'], effects: [1], verify: true },
    cast: (world) => [
      world.actor('R1', RESUME),
      world.killer('K', 'R1'),
      world.actorAfter('K', 'R2', RESTART),
      world.actorAfter('K', 'P', SETTLE),
    ],
  },
  'two persons, and a runner': {
    ...{ rows: ['needs_review', 'in_doubt'], effects: [1, 2] },
    cast: (world) => [world.actor('P1', SETTLE), world.actor('P2', SETTLE), world.actor('R1', RESUME)],
  },
  'a person, and one who cancels': {
    rows: ['in_doubt'],
    cast: (world) => [world.actor('P', SETTLE), world.actor('C', CANCEL)],
  },
  'a person, and a restart': {
    // One row is left whatever is said of the other: a job with none ends, and its status tells then.
    ...{ rows: ['needs_review', 'pending'], effects: [1] },
    cast: (world) => [world.actor('P', SETTLE), world.actor('R1', RESTART)],
  },
  'a runner, and one who cancels': {
    rows: ['pending'],
    cast: (world) => [world.actor('R1', RESUME), world.actor('C', CANCEL)],
  },
  'a runner on another host, and one who cancels': {
    rows: ['pending'],
    cast: (world) => [world.actor('R1', ELSEWHERE), world.actor('C', CANCEL)],
  },
  'a runner that is not heard of, and another runner': {
    rows: ['pending'],
    cast: (world) => [world.actor('R1', ELSEWHERE), world.time('T'), world.actorAfter('T', 'R2', RESUME)],
  },
  'a runner that is not heard of and asks a hook, and another runner': {
    ...{ rows: ['in_doubt'], verify: true },
    cast: (world) => [world.actor('R1', ELSEWHERE), world.time('T'), world.actorAfter('T', 'R2', RESUME)],
  },
  'a restart that is not heard of, and another runner': {
    ...{ rows: ['in_doubt'], effects: [1], verify: true },
    cast: (world) => [
      world.actor('R1', { ...RESTART, isElsewhere: true }),
      world.time('T'),
      world.actorAfter('T', 'R2', RESUME),
    ],
  },
  'a runner that is not heard of, and a person': {
    rows: ['pending'],
    cast: (world) => [
      world.actor('R1', ELSEWHERE),
      world.time('T'),
      world.killer('K', 'R1'),
      world.actorAfter('T', 'P', SETTLE),
    ],
  },
  'a runner that is not heard of twice, and a person': {
    rows: ['pending'],
    cast: (world) => [
      world.actor('R1', ELSEWHERE),
      world.time('T1'),
      world.time('T2'),
      world.actorAfter('T1', 'P', SETTLE),
    ],
  },
  'a runner that is asked to stop, and another runner': {
    rows: ['pending', 'pending', 'pending'],
    cast: (world) => [world.actor('R1', RESUME), world.stopper('S', 'R1'), world.actorAfter('S', 'R2', RESUME)],
  },
  'a runner that writes back, a person, and one who writes back': {
    ...{ rows: ['pending', 'needs_review'], effects: [2], writesBack: true },
    cast: (world) => [world.actor('R1', RESUME), world.actor('P', SETTLE), world.actor('W', WRITE_BACK)],
  },
  'a runner that is not heard of and writes back, and one who writes back': {
    ...{ rows: ['pending'], writesBack: true },
    cast: (world) => [world.actor('R1', ELSEWHERE), world.time('T'), world.actorAfter('T', 'W', WRITE_BACK)],
  },
} as const satisfies Readonly<Record<string, Scene>>;
