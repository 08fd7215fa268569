import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  applyPage,
  isReordered,
  type ListWindow,
  moveCursor,
  resizeWindow,
  rowAtCursor,
  startWindow,
  visibleRows,
} from '../../../src/ui/state/list-window.ts';

type Row = { readonly id: string; readonly value: number };

const identify = (row: Row): string => row.id;
const rows = (...ids: readonly string[]): readonly Row[] => ids.map((id) => ({ id, value: 0 }));
const MOVE = { identify, keepOrder: false };
const KEEP = { identify, keepOrder: true };

/** A window of three rows over a to f, the cursor on `cursor`. */
function sample(cursor = 0): ListWindow<Row> {
  const list = applyPage(startWindow<Row>(3), { rows: rows('a', 'b', 'c', 'd', 'e', 'f'), offset: 0, total: 6 }, MOVE);
  return moveCursor(list, cursor, identify);
}

test('applyPage: the cursor follows its row, on the same line of the screen', () => {
  const list = applyPage(sample(2), { rows: rows('x', 'y', 'a', 'b', 'c', 'd'), offset: 0, total: 6 }, MOVE);
  expect(rowAtCursor(list)?.id).toBe('c');
  expect(list.cursor - list.top).toBe(sample(2).cursor - sample(2).top);
});

test('applyPage: with keepOrder rows keep their places and take new values', () => {
  const page = { rows: [{ id: 'c', value: 9 }, ...rows('b', 'a', 'd', 'e', 'f')], offset: 0, total: 6 };
  const list = applyPage(sample(1), page, KEEP);
  expect(list.rows.map(identify)).toEqual(['a', 'b', 'c', 'd', 'e', 'f']);
  expect(list.rows[2]?.value).toBe(9);
  expect(isReordered(list, page, identify)).toBe(true);
});

test('applyPage: a row that is gone leaves the cursor at its place', () => {
  const list = applyPage(sample(2), { rows: rows('a', 'b', 'd', 'e', 'f'), offset: 0, total: 5 }, MOVE);
  expect(list).toMatchObject({ cursor: 2, cursorId: 'd' });
});

test('applyPage: a list that shrinks to nothing has no row under the cursor', () => {
  const list = applyPage(sample(5), { rows: [], offset: 0, total: 0 }, MOVE);
  expect(list).toMatchObject({ cursor: 0, top: 0, cursorId: undefined });
  expect(visibleRows(list)).toEqual([]);
});

test('moveCursor: a row that has not been read has no identity', () => {
  const list = moveCursor({ ...sample(), total: 100 }, 50, identify);
  expect(list.cursorId).toBeUndefined();
  expect(visibleRows(list).every(({ row }) => row === undefined)).toBe(true);
});

test('a window: the cursor is always visible and within the list, whatever happens', () => {
  const step = fc.oneof(
    fc.record({ type: fc.constant('move' as const), to: fc.integer({ min: -5, max: 40 }) }),
    fc.record({ type: fc.constant('resize' as const), to: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ type: fc.constant('page' as const), to: fc.integer({ min: 0, max: 30 }) }),
  );
  fc.assert(
    fc.property(fc.array(step), (steps) => {
      let list = sample();
      for (const { type, to } of steps) {
        if (type === 'move') list = moveCursor(list, to, identify);
        if (type === 'resize') list = resizeWindow(list, to);
        if (type === 'page') {
          const page = Array.from({ length: to }, (_, at) => ({
            id: String.fromCharCode(97 + ((at * 7) % 26)),
            value: to,
          }));
          list = applyPage(list, { rows: page, offset: 0, total: to }, MOVE);
        }
        expect(list.cursor).toBeGreaterThanOrEqual(0);
        expect(list.cursor).toBeLessThan(Math.max(1, list.total));
        expect(list.top).toBeLessThanOrEqual(list.cursor);
        expect(list.cursor).toBeLessThan(list.top + list.height);
      }
    }),
  );
});
