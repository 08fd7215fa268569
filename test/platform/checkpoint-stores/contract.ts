/** What every place that keeps checkpoints does, whatever it is made of. A store's own test calls `describeStore`. */
import { expect, test } from 'vitest';
import type { CheckpointStore } from '../../../src/core/checkpoint/store.ts';
import { makePolicyContent } from '../../../src/platform/checkpoint-formats/policy-json/policy-content.ts';
import type { PolicyCheckpoint, PolicyFacts } from '../../../src/platform/checkpoint-formats/policy-json/schema.ts';

type Store = CheckpointStore<PolicyFacts, PolicyCheckpoint>;

/** What goes wrong at the step with this number: the process is gone from then on, or this one step fails. */
export type Fault = { readonly at: number; readonly how: 'dies' | 'fails' };

/** A new, empty place of a kind. */
export type StorePlace = AsyncDisposable & {
  readonly open: () => Store;
  /** The same place with a fault; `steps` names what was done, what failed last. */
  readonly openFragile: (fault: Fault) => { readonly store: Store; readonly steps: readonly string[] };
  /** Everything that an operator sees in the place, by name: bytes and times. */
  readonly snapshot: () => Promise<unknown>;
  /** Damages what stands at a path. */
  readonly damage: (path: string) => Promise<void>;
  /** Copies what stands at a path elsewhere, and answers where. */
  readonly copyAway: (path: string) => Promise<string>;
};

/** A checkpoint with this step. */
export const contentOf = (globalStep: number, runId = 'run') =>
  makePolicyContent({
    runId,
    globalStep,
    optimizerStep: 1,
    savedAtUnixSeconds: 1_764_000_000,
    policyState: { w: [globalStep] },
    optimizerState: {},
    digest: true,
  });

const stepOf = async (store: Store): Promise<number> =>
  Number((await store.load({ fallback: true })).checkpoint.head.globalStep);

/** Every fact that holds for a store; `makePlace` makes a new one each time. */
export function describeStore(kind: string, makePlace: () => Promise<StorePlace>): void {
  test(`${kind}: what was saved is loaded, proven, and looking changes nothing`, async () => {
    await using place = await makePlace();
    const saved = await place.open().save(contentOf(1));
    const before = await place.snapshot();
    const { source, judged, checkpoint, diagnostics } = await place.open().load({ fallback: true });
    expect({ source, diagnostics, proven: checkpoint.proven }).toEqual({
      source: 'primary',
      diagnostics: [],
      proven: true,
    });
    expect(judged.facts).toMatchObject({ path: saved.path, sizeBytes: saved.sizeBytes });
    place.open().generations();
    expect(await place.snapshot()).toEqual(before);
  });

  test(`${kind}: an empty place has no checkpoint, says where it looked, and stays empty`, async () => {
    await using place = await makePlace();
    const before = await place.snapshot();
    await expect(place.open().load({ fallback: true })).rejects.toMatchObject({ code: 'CHECKPOINT_NONE_VALID' });
    await expect(place.open().load({ fallback: false })).rejects.toMatchObject({ code: 'CHECKPOINT_MISSING' });
    expect(await place.snapshot()).toEqual(before);
  });

  test(`${kind}: generations are in order, and each damaged one gives way to the one before with its reason`, async () => {
    await using place = await makePlace();
    const store = place.open();
    const [primary, ...older] = store.generations();
    expect(primary?.source).toBe('primary');
    for (const step of [1, 2]) await store.save(contentOf(step));
    await place.damage(primary?.path ?? '');
    const loaded = await store.load({ fallback: true });
    expect(Number(loaded.checkpoint.head.globalStep)).toBe(1);
    expect(older.map(({ path }) => path)).toContain(loaded.judged.facts.path);
    expect(loaded.diagnostics).toEqual([expect.stringContaining(`primary checkpoint load failed: ${primary?.path}`)]);
    await expect(store.load({ fallback: false })).rejects.toMatchObject({ code: 'CHECKPOINT_INVALID' });
  });

  test(`${kind}: what is no valid checkpoint is never kept as a generation, and not lost`, async () => {
    await using place = await makePlace();
    const store = place.open();
    for (const step of [1, 2]) await store.save(contentOf(step));
    await place.damage(store.generations()[0]?.path ?? '');
    const { setAside } = await store.save(contentOf(3));
    expect(setAside).toHaveLength(1);
    await place.damage(store.generations()[0]?.path ?? '');
    expect(await stepOf(store)).toBe(1);
  });

  test(`${kind}: saves that are begun together end in the order they were begun`, async () => {
    await using place = await makePlace();
    await Promise.all(Array.from({ length: 8 }, (_item, step) => place.open().save(contentOf(step, `run-${step}`))));
    const store = place.open();
    expect(await stepOf(store)).toBe(7);
    await place.damage(store.generations()[0]?.path ?? '');
    expect(await stepOf(store)).toBe(6);
  });

  test(`${kind}: what a restore chose is loaded from then on, and what was newer is kept`, async () => {
    await using place = await makePlace();
    const store = place.open();
    const { path } = await store.save(contentOf(1));
    const chosen = await place.copyAway(path);
    for (const step of [2, 3]) await store.save(contentOf(step));
    const { checkpoint, setAside } = await store.restore(chosen);
    expect(checkpoint.head.globalStep).toBe(1n);
    expect(setAside).toHaveLength(2);
    expect(await stepOf(store)).toBe(1);
  });

  test(`${kind}: a restore of what is no valid checkpoint changes nothing and says why`, async () => {
    await using place = await makePlace();
    const store = place.open();
    const { path } = await store.save(contentOf(1));
    const chosen = await place.copyAway(path);
    await place.damage(chosen);
    const before = await place.snapshot();
    await expect(store.restore(chosen)).rejects.toMatchObject({
      code: 'CHECKPOINT_INVALID',
      details: { path: chosen },
    });
    expect(await place.snapshot()).toEqual(before);
  });

  describeFaults(kind, makePlace);
}

type Act = (place: StorePlace, store: Store, steps: readonly string[]) => Promise<void>;

/** Acts once for every step there is, with the fault at that step, after some saves; answers how many steps there are. */
async function atEveryStep(
  makePlace: () => Promise<StorePlace>,
  { how, saves }: { readonly how: Fault['how']; readonly saves: number },
  act: Act,
): Promise<number> {
  for (let at = 0; ; at++) {
    await using place = await makePlace();
    for (let step = 1; step <= saves; step++) await place.open().save(contentOf(step));
    const { store, steps } = place.openFragile({ at, how });
    await act(place, store, steps);
    if (steps.length <= at) return at;
  }
}

function describeFaults(kind: string, makePlace: () => Promise<StorePlace>): void {
  test(`${kind}: a save that dies at any step leaves the old newest or the new one, and the next save goes on`, async () => {
    const count = await atEveryStep(makePlace, { how: 'dies', saves: 2 }, async (place, store, steps) => {
      const outcome = await store.save(contentOf(4)).then(
        () => 'saved',
        () => 'died',
      );
      const step = await stepOf(place.open());
      expect([2, 4], steps.join(' ')).toContain(step);
      if (outcome === 'saved') expect(step).toBe(4);
      await place.open().save(contentOf(5));
      expect(await stepOf(place.open())).toBe(5);
    });
    expect(count).toBeGreaterThan(5);
  });

  test(`${kind}: a first save that dies at any step leaves nothing or the whole checkpoint`, async () => {
    await atEveryStep(makePlace, { how: 'dies', saves: 0 }, async (place, store) => {
      await store.save(contentOf(4)).catch(() => undefined);
      const found = await stepOf(place.open()).catch((error) => error.code);
      expect([4, 'CHECKPOINT_NONE_VALID']).toContain(found);
      await place.open().save(contentOf(5));
      expect(await stepOf(place.open())).toBe(5);
    });
  });

  test(`${kind}: any one step of a save that fails is told, and a generation is left`, async () => {
    await atEveryStep(makePlace, { how: 'fails', saves: 2 }, async (place, store, steps) => {
      const outcome = await store.save(contentOf(4)).catch((error) => error.code);
      expect([2, 4], steps.join(' ')).toContain(await stepOf(place.open()));
      if (typeof outcome === 'string') expect(outcome).toBe('CHECKPOINT_NOT_SAVED');
    });
  });

  test(`${kind}: a restore that dies at any step leaves the old newest or the chosen one`, async () => {
    await atEveryStep(makePlace, { how: 'dies', saves: 2 }, async (place, store, steps) => {
      const from = place.open().generations()[1]?.path ?? '';
      const outcome = await store.restore(from).then(
        () => 'restored',
        () => 'died',
      );
      const step = await stepOf(place.open());
      expect([1, 2], steps.join(' ')).toContain(step);
      if (outcome === 'restored') expect(step).toBe(1);
    });
  });
}
