/** Reads a long list page by page around its cursor, one read at a time, and keeps it fresh. */
import type { Clock } from '../../core/ports.ts';
import {
  applyPage,
  isReordered,
  type ListPage,
  type ListWindow,
  moveCursor,
  resizeWindow,
  startWindow,
} from './list-window.ts';

/** How long after a cursor key the order of the list is left alone. */
export const CURSOR_USE_MS = 2000;

/** Where rows come from and whom to tell. `onGone` says that the row under the cursor left the list. */
export type PagedListOptions<T> = {
  readonly clock: Clock;
  readonly identify: (row: T) => string;
  readonly read: (offset: number, limit: number) => Promise<Omit<ListPage<T>, 'offset'>>;
  readonly onChange: (list: ListWindow<T>) => void;
  readonly onGone?: (id: string) => void;
  /** The order of the rows never changes (units go by number), so a fresh page is always taken as it is. */
  readonly isOrdered?: boolean;
  readonly onError: (thrown: unknown) => void;
};

/** A list that follows its cursor. Every call answers at once; reads come later through `onChange`. */
export type PagedList = {
  readonly refresh: () => void;
  readonly move: (delta: number) => void;
  readonly moveTo: (index: number) => void;
  readonly resize: (height: number) => void;
  /** Reads from the top: another filter, another kind of unit. `keep` shows the rows of before until then. */
  readonly restart: (rows: 'keep' | 'clear') => void;
  readonly close: () => void;
};

/** Makes a list over `options.read`. Reads never overlap; a page is at least three screens. */
export function makePagedList<T>(options: PagedListOptions<T>, height: number): PagedList {
  return new List(options, height);
}

class List<T> implements PagedList {
  readonly #options: PagedListOptions<T>;
  #list: ListWindow<T>;
  #isReading = false;
  #wantsRead = false;
  #isClosed = false;
  /** Raised by restart, so that a page asked for before it is dropped. */
  #generation = 0;
  #usedAtMs = Number.NEGATIVE_INFINITY;
  #thaw: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PagedListOptions<T>, height: number) {
    this.#options = options;
    this.#list = startWindow(height);
  }

  readonly refresh = (): void => {
    if (this.#isReading) {
      this.#wantsRead = true;
      return;
    }
    void this.#read();
  };

  readonly move = (delta: number): void => this.moveTo(this.#list.cursor + delta);

  readonly moveTo = (index: number): void => {
    this.#usedAtMs = this.#options.clock.nowMs();
    this.#set(moveCursor(this.#list, index, this.#options.identify));
    if (this.#isNearEdge()) this.refresh();
  };

  readonly resize = (height: number): void => {
    this.#set(resizeWindow(this.#list, height));
    if (this.#list.isRead && this.#isNearEdge()) this.refresh();
  };

  readonly restart = (rows: 'keep' | 'clear'): void => {
    this.#generation += 1;
    this.#usedAtMs = Number.NEGATIVE_INFINITY;
    const start = startWindow<T>(this.#list.height);
    this.#set(rows === 'clear' ? start : { ...this.#list, offset: 0, cursor: 0, cursorId: undefined, top: 0 });
    this.refresh();
  };

  readonly close = (): void => {
    this.#isClosed = true;
    this.#generation += 1;
    clearTimeout(this.#thaw);
  };

  #set(list: ListWindow<T>): void {
    if (list === this.#list) return;
    this.#list = list;
    this.#options.onChange(list);
  }

  #pageSize(): number {
    return Math.max(90, this.#list.height * 3);
  }

  #offset(): number {
    return Math.max(0, this.#list.cursor - Math.floor(this.#pageSize() / 2));
  }

  /** True when the cursor comes within one screen of rows that have not been read. */
  #isNearEdge(): boolean {
    const { offset, rows, cursor, height, total } = this.#list;
    const end = offset + rows.length;
    return (offset > 0 && cursor - height < offset) || (end < total && cursor + height >= end);
  }

  async #read(): Promise<void> {
    this.#isReading = true;
    const generation = this.#generation;
    const offset = this.#isNearEdge() ? this.#offset() : this.#list.offset;
    try {
      const page = await this.#options.read(offset, this.#pageSize());
      if (generation === this.#generation) this.#apply({ ...page, offset });
    } catch (thrown) {
      if (generation === this.#generation) this.#options.onError(thrown);
    }
    this.#isReading = false;
    if (!this.#wantsRead || this.#isClosed) return;
    this.#wantsRead = false;
    this.refresh();
  }

  #apply(page: ListPage<T>): void {
    const { identify } = this.#options;
    const before = this.#list;
    const freeInMs = this.#usedAtMs + CURSOR_USE_MS - this.#options.clock.nowMs();
    const keepOrder = freeInMs > 0 && this.#options.isOrdered !== true;
    const next = applyPage(before, page, { identify, keepOrder });
    if (keepOrder && isReordered(next, page, identify)) this.#thawIn(freeInMs);
    // Told first: no frame may show another row under the cursor while keys still act.
    if (before.cursorId !== undefined && next.cursorId !== before.cursorId) this.#options.onGone?.(before.cursorId);
    if (!isSame(before, next)) this.#set(next);
    // The list shrank or the cursor went on while this page was read: what is visible now is on another page.
    if (this.#isNearEdge() && this.#offset() !== page.offset) this.#wantsRead = true;
  }

  #thawIn(delayMs: number): void {
    clearTimeout(this.#thaw);
    this.#thaw = setTimeout(this.refresh, delayMs);
    this.#thaw.unref();
  }
}

/** True when nothing a reader could see has changed; an unchanged list is not drawn again. */
function isSame<T>(left: ListWindow<T>, right: ListWindow<T>): boolean {
  return JSON.stringify(left) === JSON.stringify(right);
}
