/**
 * Runs in the thread of an actor: where it waits for its turn, hears that it is to stop, and dies. A wait blocks the
 * whole thread, so that an order can be had between any two accesses to the store, in the middle of a function as well.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { parentPort } from 'node:worker_threads';
import type { ActorNews, Beginning, LedgerEntry } from './thread-words.ts';
import { CLOCK, DIE, STOP, TURN } from './thread-words.ts';

/** What a dead actor meets wherever it goes on. */
class DeadError extends Error {
  override readonly name = 'DeadError';
}

type Place = { readonly close: () => void };

const open = new Set<Place>();
let turns = new Int32Array(new SharedArrayBuffer(8));
let clock = new Float64Array(new SharedArrayBuffer(8));
let ledgerPath = '';
let isDead = false;
let isFree = false;
let onStop: () => void = () => {};

/** Begins a new life. */
export function beginLife(beginning: Beginning): void {
  turns = beginning.turns;
  clock = beginning.clock;
  ledgerPath = beginning.ledgerPath;
  isFree = beginning.isFree;
  isDead = false;
  onStop = () => {};
}

/** Waits here until it is this actor's turn. */
export function gate(label: string): void {
  checkAlive();
  if (isFree) return;
  tell({ type: 'gate', label });
  Atomics.wait(turns, TURN, 0);
  const word = Atomics.exchange(turns, TURN, 0);
  if (word === DIE) die();
  // As a signal or a message is: heard at the next turn of the event loop, never in the middle of a function.
  if (Atomics.exchange(turns, STOP, 0) === 1) setImmediate(() => onStop());
}

/** Says how an actor is asked to stop. */
export function hearStop(listener: () => void): void {
  onStop = listener;
}

/** Everything that the kernel would take back from a process that died. */
export function keepOpen(place: Place): void {
  open.add(place);
}

/** What was closed by itself. */
export function forget(place: Place): void {
  open.delete(place);
}

/** Errors: DeadError. */
export function checkAlive(): void {
  if (isDead) throw new DeadError('this actor is dead');
}

function die(): void {
  isDead = true;
  for (const place of [...open]) place.close();
  open.clear();
  checkAlive();
}

/** It is always the same time, until the schedule lets it pass. */
export function nowMs(): number {
  return clock[CLOCK] ?? 0;
}

/** Writes to the ledger outside, which no actor of Salvor's reads. */
export function enter(entry: LedgerEntry): void {
  checkAlive();
  appendFileSync(ledgerPath, `${JSON.stringify(entry)}\n`);
}

/** Idempotency keys of all effects. */
export function readEffects(): ReadonlySet<string> {
  const lines = readFileSync(ledgerPath, 'utf8').split('\n');
  const entries = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LedgerEntry);
  return new Set(entries.flatMap((entry) => (entry.type === 'effect' ? [entry.key] : [])));
}

export function tell(news: ActorNews): void {
  parentPort?.postMessage(news);
}
