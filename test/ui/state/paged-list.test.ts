import { expect, test, vi } from 'vitest';
import { type ListWindow, rowAtCursor, startWindow, visibleRows } from '../../../src/ui/state/list-window.ts';
import { CURSOR_USE_MS, makePagedList } from '../../../src/ui/state/paged-list.ts';

/** A list over `count` rows whose reads resolve at once; its clock stands still until it is moved. */
function open(count: number) {
  const world = {
    ids: Array.from({ length: count }, (_, at) => `row-${at}`),
    nowMs: 0,
    gone: 0,
    limits: [] as number[],
  };
  let list: ListWindow<string> = startWindow(20);
  const errors: unknown[] = [];
  const paged = makePagedList<string>(
    {
      clock: { nowMs: () => world.nowMs },
      identify: (row) => row,
      read: async (offset, limit) => {
        world.limits.push(limit);
        return { rows: world.ids.slice(offset, offset + limit), total: world.ids.length };
      },
      onChange: (next) => {
        list = next;
      },
      onGone: () => {
        world.gone += 1;
      },
      onError: (thrown) => errors.push(thrown),
    },
    20,
  );
  return { world, paged, errors, list: () => list, read: () => vi.waitFor(() => expect(list.isRead).toBe(true)) };
}

test('paged list: 100,000 rows cost one page', async () => {
  const { paged, list, read, world } = open(100_000);
  paged.refresh();
  await read();
  expect(list().total).toBe(100_000);
  expect(list().rows.length).toBeLessThanOrEqual(90);
  expect(world.limits).toEqual([90]);
});

test('paged list: the end of 100,000 rows is one read away', async () => {
  const { paged, list, read } = open(100_000);
  paged.refresh();
  await read();
  paged.moveTo(Number.POSITIVE_INFINITY);
  await vi.waitFor(() => expect(rowAtCursor(list())).toBe('row-99999'));
  expect(visibleRows(list()).every(({ row }) => row !== undefined)).toBe(true);
});

test('paged list: rows are read before the cursor comes to them', async () => {
  const { paged, list, read } = open(1000);
  paged.refresh();
  await read();
  for (let step = 0; step < 300; step += 1) {
    paged.move(1);
    expect(rowAtCursor(list())).toBe(`row-${step + 1}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

test('paged list: the order stays while the cursor is used, and is taken when it rests', async () => {
  vi.useFakeTimers();
  try {
    const { paged, list, world } = open(10);
    paged.refresh();
    await vi.advanceTimersByTimeAsync(0);
    paged.move(1);
    world.ids = ['row-9', ...world.ids.slice(0, 9)];
    paged.refresh();
    await vi.advanceTimersByTimeAsync(0);
    expect(list().rows[0]).toBe('row-0');
    expect(rowAtCursor(list())).toBe('row-1');
    world.nowMs = CURSOR_USE_MS;
    await vi.advanceTimersByTimeAsync(CURSOR_USE_MS);
    expect(list().rows[0]).toBe('row-9');
    expect(rowAtCursor(list())).toBe('row-1');
    expect(world.gone).toBe(0);
  } finally {
    vi.useRealTimers();
  }
});

test('paged list: it says that the row under the cursor is gone', async () => {
  const { paged, read, world, list } = open(10);
  paged.refresh();
  await read();
  world.ids = world.ids.slice(1);
  paged.refresh();
  await vi.waitFor(() => expect(world.gone).toBe(1));
  expect(rowAtCursor(list())).toBe('row-1');
});

test('paged list: a page asked for before a restart is dropped', async () => {
  const { paged, list, world, read } = open(10);
  paged.refresh();
  world.ids = ['other'];
  paged.restart('clear');
  await read();
  expect(list()).toMatchObject({ rows: ['other'], total: 1 });
});

test('paged list: refreshes while one is under way become one', async () => {
  const { paged, world, read } = open(10);
  for (let times = 0; times < 50; times += 1) paged.refresh();
  await read();
  await new Promise((resolve) => setImmediate(resolve));
  expect(world.limits).toHaveLength(2);
});
