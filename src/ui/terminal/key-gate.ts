/**
 * The gate between the terminal and Ink. States: closed (everything typed is dropped) -> open (one key at a time).
 *
 * Ink hands all keys of one read to handlers that still see the screen as it was before the first of them; the gate
 * lets a key through only after the one before has been acted on and its screen has been committed.
 * Source: terminal traps 1, 2, 11 and 12.
 */
import { Readable } from 'node:stream';
import { PASTE_START, splitKeys } from './split-keys.ts';

/** The terminal input the gate reads: a `tty.ReadStream`, or a test's own. */
export type TerminalInput = NodeJS.ReadableStream & {
  readonly isTTY?: boolean;
  setRawMode?: (isRaw: boolean) => unknown;
  ref?: () => unknown;
  unref?: () => unknown;
};

/** Who decides about keys. `accepts` is asked, and `arrives` told, just before the key reaches Ink. */
export type KeyGateOwner = {
  readonly accepts: (key: string) => boolean;
  readonly arrives: (key: string) => void;
};

/** The most pasted text that is kept while its end has not come; a longer paste is dropped. Unit: characters. */
export const PASTE_LIMIT = 1_000_000;

/** A TTY input for Ink that delivers one key at a time. */
export class KeyGate extends Readable {
  readonly isTTY = true;
  readonly #source: TerminalInput;
  readonly #owner: KeyGateOwner;
  readonly #queue: string[] = [];
  /** An unfinished sequence: `held` is kept here, `passed` is already with Ink, which waits for its end itself. */
  #held = '';
  #passed = '';
  #isOpen = false;
  #isDelivering = false;
  readonly #onData = (chunk: string | Buffer): void => this.#take(chunk.toString());

  constructor(source: TerminalInput, owner: KeyGateOwner) {
    super({ encoding: 'utf8' });
    this.#source = source;
    this.#owner = owner;
    source.setEncoding('utf8');
    source.on('data', this.#onData);
  }

  override _read(): void {
    // Keys are pushed when their turn comes; there is nothing to fetch.
  }

  /** Raw mode of the real terminal; out of raw mode nothing is read, so another program gets its own keys. */
  setRawMode(isRaw: boolean): this {
    this.#source.setRawMode?.(isRaw);
    if (isRaw) this.#source.resume();
    else this.#source.pause();
    return this;
  }

  ref(): this {
    this.#source.ref?.();
    return this;
  }

  unref(): this {
    this.#source.unref?.();
    return this;
  }

  /** Takes the terminal and drops what was typed before now; resolves when that has been read. */
  async drain(): Promise<void> {
    this.setRawMode(true);
    // What waits in the terminal is read in the next turn of the event loop, all of it.
    await nextTurn();
    await nextTurn();
  }

  /** From now on keys count. */
  open(): void {
    this.#isOpen = true;
  }

  /** Lets go of the terminal. */
  close(): void {
    this.#isOpen = false;
    this.#queue.length = 0;
    this.#source.off('data', this.#onData);
    this.setRawMode(false);
  }

  #take(chunk: string): void {
    if (!this.#isOpen) return;
    const begun = this.#passed + this.#held;
    const { keys, rest } = splitKeys(begun + chunk);
    const [first, ...others] = keys;
    if (first !== undefined) {
      this.#queue.push(first.slice(this.#passed.length), ...others);
      this.#passed = '';
      this.#held = '';
    }
    this.#keepRest(rest);
    void this.#deliver();
  }

  #keepRest(rest: string): void {
    if (rest.startsWith(PASTE_START)) {
      // A paste that began as a passed fragment stays with Ink; only its remainder is ours.
      this.#held = rest.length > PASTE_LIMIT ? '' : rest.slice(this.#passed.length);
      return;
    }
    if (rest === '') return;
    const fresh = rest.slice(this.#passed.length);
    if (fresh !== '') this.#queue.push(fresh);
    this.#passed = rest;
    this.#held = '';
  }

  async #deliver(): Promise<void> {
    if (this.#isDelivering) return;
    this.#isDelivering = true;
    for (let key = this.#queue.shift(); key !== undefined; key = this.#queue.shift()) {
      if (!this.#owner.accepts(key)) continue;
      this.#owner.arrives(key);
      this.push(key);
      // Reading, the handler, React's commit and its effects are all done after two turns of the event loop.
      await nextTurn();
      await nextTurn();
    }
    this.#isDelivering = false;
  }
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
