/**
 * A long list seen through a window: only one page of it is held, the cursor is bound to a row's identity, and the
 * cost of a key does not depend on how long the list is. Pure; reading is in `paged-list.ts`.
 *
 * Source: terminal trap 2 (a refresh never moves the cursor to another row) and design, "what it must reach".
 */

/** State of one list. `offset`, `cursor` and `top` count rows of the whole list; `rows` is the page at `offset`. */
export type ListWindow<T> = {
  readonly rows: readonly T[];
  readonly offset: number;
  readonly total: number;
  /** How many of all wait for nobody. */
  readonly goingOn: number;
  readonly cursor: number;
  /** Identity of the row under the cursor; absent while that row has not been read. */
  readonly cursorId: string | undefined;
  readonly top: number;
  /** How many rows are visible. */
  readonly height: number;
  /** False until the first page came. */
  readonly isRead: boolean;
};

/** A page as it was read. */
export type ListPage<T> = {
  readonly rows: readonly T[];
  readonly offset: number;
  readonly total: number;
  readonly goingOn?: number;
};

/** How a page is laid over a window: `identify` names rows; `keepOrder` while the cursor is being used. */
export type PageRules<T> = { readonly identify: (row: T) => string; readonly keepOrder: boolean };

/** A window over nothing yet. */
export function startWindow<T>(height: number): ListWindow<T> {
  return { rows: [], offset: 0, total: 0, goingOn: 0, cursor: 0, cursorId: undefined, top: 0, height, isRead: false };
}

/** The row under the cursor, when it has been read. */
export function rowAtCursor<T>(list: ListWindow<T>): T | undefined {
  return list.rows[list.cursor - list.offset];
}

/** The visible rows with their place in the list; a row not read yet is `undefined`. */
export function visibleRows<T>(
  list: ListWindow<T>,
): readonly { readonly index: number; readonly row: T | undefined }[] {
  const count = Math.max(0, Math.min(list.height, list.total - list.top));
  return Array.from({ length: count }, (_, at) => ({
    index: list.top + at,
    row: list.rows[list.top + at - list.offset],
  }));
}

/** Puts the cursor on row `index`, clamped, and scrolls as little as needed. */
export function moveCursor<T>(list: ListWindow<T>, index: number, identify: (row: T) => string): ListWindow<T> {
  const cursor = clamp(index, 0, Math.max(0, list.total - 1));
  const row = list.rows[cursor - list.offset];
  return scrollToCursor({ ...list, cursor, cursorId: row === undefined ? undefined : identify(row) });
}

/** Changes how many rows are visible; the cursor stays visible. */
export function resizeWindow<T>(list: ListWindow<T>, height: number): ListWindow<T> {
  return list.height === height ? list : scrollToCursor({ ...list, height });
}

/**
 * Lays a freshly read page over the window.
 *
 * Shapes: with `keepOrder` rows that are already held stay where they are and take their new values; else the new
 * order is taken and the cursor follows its row, which stays on the same line of the screen when that is possible.
 * A row that is gone leaves the cursor at its place in the list.
 */
export function applyPage<T>(list: ListWindow<T>, page: ListPage<T>, rules: PageRules<T>): ListWindow<T> {
  if (rules.keepOrder && list.offset === page.offset && list.rows.length > 0) return refreshInPlace(list, page, rules);
  const { rows, offset, total, goingOn = 0 } = page;
  const read = { ...list, rows, offset, total, goingOn, isRead: true };
  const found = list.cursorId === undefined ? -1 : page.rows.findIndex((row) => rules.identify(row) === list.cursorId);
  if (found < 0) return moveCursor(read, list.cursor, rules.identify);
  const cursor = page.offset + found;
  return scrollToCursor({ ...read, cursor, top: list.top + (cursor - list.cursor) });
}

/** True when new data would put rows in another order than the one held. */
export function isReordered<T>(list: ListWindow<T>, page: ListPage<T>, identify: (row: T) => string): boolean {
  if (list.offset !== page.offset || list.rows.length !== page.rows.length || list.total !== page.total) return true;
  return page.rows.some((row, at) => {
    const held = list.rows[at];
    return held === undefined || identify(held) !== identify(row);
  });
}

function refreshInPlace<T>(list: ListWindow<T>, page: ListPage<T>, rules: PageRules<T>): ListWindow<T> {
  const fresh = new Map(page.rows.map((row) => [rules.identify(row), row]));
  return { ...list, rows: list.rows.map((row) => fresh.get(rules.identify(row)) ?? row) };
}

function scrollToCursor<T>(list: ListWindow<T>): ListWindow<T> {
  const height = Math.max(1, list.height);
  const lowest = Math.max(0, list.total - height);
  const top = clamp(list.top, list.cursor - height + 1, list.cursor);
  return { ...list, top: clamp(top, 0, lowest) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.max(low, Math.min(high, value));
}
