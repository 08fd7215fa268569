/** The smallest source there is: a shelf of jobs, each a small JSON file. */
import type { Source } from '../../../src/sources/source.ts';
import { makeShelfActuator } from './act.ts';
import { isShelf, openShelf } from './read.ts';

/** Shelves that are acted on. */
export const SHELF: Source = {
  name: 'shelf',
  lookedFor: 'a shelf (with shelf.json in it)',
  detect: isShelf,
  open: (path, clock) => openShelf('shelf', path, clock),
  act: makeShelfActuator,
};

/** Shelves that are only looked at: nothing of them is ever changed. */
export const READ_ONLY_SHELF: Source = {
  name: 'read-only-shelf',
  lookedFor: SHELF.lookedFor,
  detect: isShelf,
  open: (path, clock) => openShelf('read-only-shelf', path, clock),
};
