import { expect, test } from 'vitest';
import { type ConsoleState, startState } from '../../../src/ui/state/console-state.ts';
import { makeGuard } from '../../../src/ui/state/guard.ts';
import { makeStore } from '../../../src/ui/state/store.ts';

const start = startState({ columns: 80, rows: 24, place: '/state', version: '0.0.0', readOnly: false });
const filtering: ConsoleState = { ...start, isFiltering: true };
const asked: ConsoleState = { ...start, dialog: { type: 'leave', thenQuit: false } };

function openGuard(state: ConsoleState) {
  const store = makeStore(state);
  const guard = makeGuard(store);
  return { store, ...guard, [Symbol.dispose]: guard.close };
}

test('accepts: keys that act are dropped while it is raised, and taken before', () => {
  using guard = openGuard(start);
  expect(['r', 'X', '\r', ' '].map(guard.accepts)).toEqual([true, true, true, true]);
  guard.raise();
  expect(['r', 'R', 'X', 'v', 's', 'y', '1', '\r', ' ', '\u001b[200~r'].filter(guard.accepts)).toEqual([]);
});

test('accepts: what leaves, moves or helps is always taken', () => {
  using guard = openGuard(start);
  guard.raise();
  const keys = ['\u0003', '\u001a', '\u001b', '\u001b[A', '\u001b[6~', 'j', 'k', 'g', 'G', '?', '\t'];
  expect(keys.filter((key) => !guard.accepts(key))).toEqual([]);
});

test('accepts: going back is taken, but from a screen that came by itself', () => {
  using leave = openGuard(asked);
  leave.raise();
  expect(['q', 'n', 'd'].filter(leave.accepts)).toEqual(['q', 'n']);
  using jobs = openGuard(start);
  jobs.raise();
  expect(['q', 'n'].filter(jobs.accepts)).toEqual([]);
});

test('accepts: letters go into a text that is being typed, and its end waits', () => {
  using guard = openGuard(filtering);
  guard.raise();
  expect(['r', 'X', ' ', '1', '\u001b[200~text'].filter((key) => !guard.accepts(key))).toEqual([]);
  expect(guard.accepts('\r')).toBe(false);
});
