import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeTauFolder, tauCheckpoint, tauState, tauStatus } from '../helpers/tau-directory.ts';
import { SEED_MS } from '../helpers/temp-state.ts';
import type { Change } from './bundle-actor.ts';
import { type Cast, makeCast } from './cast.ts';
import { type Actor, type Choose, exploreAll, follow, formatOrder, type Move, runSchedule } from './schedule.ts';
import { makeThreads, type Threads } from './threads.ts';

/** What a loser is told by the holder is of no account here, and a holder that waits for its turn does not answer. */
const SILENT: Change = {
  file: 'src/sources/tau/hold-directory.ts',
  find: 'const ANSWER_MS = 500;',
  replace: 'const ANSWER_MS = 1;',
};

/** Others were faster, or nobody has repaired yet. */
const ALLOWED: ReadonlySet<string> = new Set([
  'LEASE_HELD',
  'EVIDENCE_STALE',
  'NOTHING_TO_RECOVER',
  'CONTROL_FILE_INVALID',
]);

/** A state that cannot be read. */
const TORN = 'torn';

/** In which state of a job its actors meet. */
type Scene = { readonly lifecycle: string; readonly cast: (cast: Cast) => readonly Actor[] };

const SCENES: Readonly<Record<string, Scene>> = {
  'one who pauses, and one who cancels': {
    lifecycle: 'running',
    cast: ({ actor }) => [
      actor('P', { type: 'control', choice: 'pause' }),
      actor('C', { type: 'control', choice: 'cancel' }),
    ],
  },
  'two who repair': {
    lifecycle: TORN,
    cast: ({ actor }) => [actor('R1', { type: 'repair' }), actor('R2', { type: 'repair' })],
  },
  'one who repairs, and one who cancels': {
    lifecycle: TORN,
    cast: ({ actor, actorAfter }) => [
      actor('R', { type: 'repair' }),
      actorAfter('R', 'C', { type: 'control', choice: 'cancel' }),
      actor('P', { type: 'control', choice: 'pause' }),
    ],
  },
};

const GUARDS: Readonly<Record<string, { readonly scene: string; readonly change: Change }>> = {
  'one acts on a directory at a time': {
    scene: 'one who pauses, and one who cancels',
    change: {
      file: 'src/sources/tau/hold-directory.ts',
      find: 'if (await listen(server, path)) return',
      replace: 'if ((await listen(server, path)) || true) return',
    },
  },
  'a pause is of the job as it was seen': {
    scene: 'one who pauses, and one who cancels',
    change: {
      file: 'src/sources/tau/act.ts',
      find: 'checkBasis(approved.plan, { seen: approved.evidence, now: look.evidence });',
      replace: '',
    },
  },
  'one repairs at a time': {
    scene: 'two who repair',
    change: {
      file: 'src/sources/tau/hold-directory.ts',
      find: 'if (await listen(server, path)) return',
      replace: 'if ((await listen(server, path)) || true) return',
    },
  },
};

async function play(threads: Threads, { lifecycle, cast }: Scene, choose: Choose): Promise<readonly Move[]> {
  using folder = makeTauFolder({
    'control-state.json': lifecycle === TORN ? '{"schema_ver' : tauState(lifecycle),
    'status.json': tauStatus('running'),
    'policy-checkpoint.json': tauCheckpoint(100),
  });
  const place = { path: folder.path, jobId: '', ledgerPath: '' };
  await using players = makeCast(threads, place, SEED_MS);
  const moves = await runSchedule(cast(players), choose, () => {});
  const order = formatOrder(moves.map(({ name }) => name));
  expect(
    players.codes.filter((code) => !ALLOWED.has(code)),
    order,
  ).toEqual([]);
  const acted = [...players.outcomes].filter(([, { end }]) => end !== undefined).map(([name]) => name);
  const rows = existsSync(join(folder.path, 'control-audit.jsonl')) ? folder.rows() : [];
  expect(rows.map((row) => row['salvor_action_id'] ?? row['principal']).toSorted(), order).toEqual(acted.toSorted());
  const actions = rows.map(({ action }) => action);
  const states = rows.filter(({ action }) => action !== 'repair').map((row) => row['lifecycle_state']);
  if (states.length > 0) {
    expect(JSON.parse(readFileSync(join(folder.path, 'control-state.json'), 'utf8')), order).toMatchObject({
      lifecycle_state: states.at(-1),
      last_action: actions.findLast((action) => action !== 'repair'),
    });
  }
  // Whoever agreed to something has done it to the job as he saw it.
  for (const [index, { principal }] of rows.entries()) {
    const before = index === 0 ? lifecycle : rows[index - 1]?.['lifecycle_state'];
    expect(players.outcomes.get(String(principal))?.end, order).toBe(before);
  }
  return moves;
}

let threads: Threads;
beforeAll(async () => {
  threads = await makeThreads([SILENT]);
});
afterAll(() => threads[Symbol.asyncDispose]());

const LIMITS = { preemptions: 2, orders: process.env['EXPLORE'] === undefined ? 15 : 500 };

it.each(Object.entries(SCENES))('%s: they act one after the other', { timeout: 300_000 }, async (_name, scene) => {
  const { count } = await exploreAll((order) => play(threads, scene, follow(order)), LIMITS);
  expect(count).toBeGreaterThan(5);
});

describe.runIf(process.env['EXPLORE'] !== undefined)('without a guard', () => {
  it.each(Object.entries(GUARDS))('%s: without it some order goes wrong', async (_name, { scene, change }) => {
    await using broken = await makeThreads([SILENT, change]);
    const meant = SCENES[scene];
    const explored = meant ? exploreAll((order) => play(broken, meant, follow(order)), LIMITS) : Promise.resolve();
    await expect(explored).rejects.toThrow();
  });
});
