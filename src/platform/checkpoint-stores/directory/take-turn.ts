import { resolve } from 'node:path';
import { findRealPath } from '../../find-real-path.ts';

/** By directory, the last that asked for a turn. */
const lastOf = new Map<string, Promise<unknown>>();

/**
 * Lets what changes a directory happen one after the other in this process, in the order in which it was asked for: of
 * two saves that were begun and not awaited, the later one stays.
 *
 * Shapes: a turn comes whether the one before it succeeded or not. Other processes are kept out by the lock.
 * Errors: those of `act`.
 */
export function takeTurn<T>(directory: string, act: () => Promise<T>): Promise<T> {
  const key = identify(directory);
  const turn = (lastOf.get(key) ?? Promise.resolve()).then(act, act);
  lastOf.set(key, turn);
  const leave = () => {
    if (lastOf.get(key) === turn) lastOf.delete(key);
  };
  turn.then(leave, leave);
  return turn;
}

/** One name for a directory, however it is spelled; one that is not there yet has the name it is asked for by. */
function identify(directory: string): string {
  return findRealPath(resolve(directory));
}
