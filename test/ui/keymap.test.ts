import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { findKey, KEYMAP, keysOfScreen, TYPING_SCREENS } from '../../src/ui/keymap.ts';
import { SCREENS } from '../../src/ui/state/console-state.ts';
import type { KeyContext } from '../../src/ui/state/key-context.ts';
import { formatKeysPage } from '../../src/ui/view/help-view.ts';

const ACTS = ['agree', 'agree_typed', 'settle_next', 'stop_run', 'detach', 'orphans_end'];

test.each(SCREENS)('KEYMAP: no key of %s means two things', (screen) => {
  const keys = keysOfScreen(screen).flatMap((row) => row.keys);
  expect(keys).toEqual([...new Set(keys)]);
});

test.each(SCREENS)('KEYMAP: %s can be left with Ctrl+C and suspended with Ctrl+Z', (screen) => {
  expect(findKey(screen, 'ctrl+c')?.command).toBe('interrupt');
  expect(findKey(screen, 'ctrl+z')?.command).toBe('suspend');
});

test.each(SCREENS.filter((screen) => screen !== 'jobs'))('KEYMAP: Escape goes on from %s without acting', (screen) => {
  expect(ACTS).not.toContain(findKey(screen, 'escape')?.command);
  expect(findKey(screen, 'escape')).toBeDefined();
});

test('KEYMAP: no digit acts anywhere', () => {
  const digits = KEYMAP.filter((row) => row.keys.some((key) => /^\d$/.test(key)));
  expect(digits.map((row) => row.command)).toEqual(['pane']);
});

test('findKey: a key that a question brings along answers it, and never takes the place of consent', () => {
  const context = {
    answers: [
      { key: 'z', label: 'one' },
      { key: 'y', label: 'two' },
    ],
  } as unknown as KeyContext;
  expect(findKey('plan', 'z', context)?.command).toBe('answer');
  expect(findKey('plan', 'y', context)?.command).toBe('agree');
  expect(findKey('plan', 'z')).toBeUndefined();
});

test('KEYMAP: the key that opens a plan does nothing on it', () => {
  for (const key of ['r', 'R', 'X', 'enter']) expect(findKey('plan', key)).toBeUndefined();
});

test('KEYMAP: cancel is not on Enter, and is another key than quit', () => {
  expect(KEYMAP.find((row) => row.command === 'cancel')?.keys).toEqual(['X']);
});

test.each(TYPING_SCREENS)('KEYMAP: printable keys are free to be typed on %s', (screen) => {
  const typed = keysOfScreen(screen).flatMap((row) => row.keys.filter((key) => key.length === 1));
  expect(typed).toEqual([]);
});

test('KEYMAP: every blocked choice says why', () => {
  const context: KeyContext = {
    readOnly: true,
    hasJob: true,
    refusals: { review: 'nothing is in doubt' },
    noAskAgain: undefined,
    isAtOnce: false,
    choices: ['resume', 'restart', 'stop', 'cancel', 'review'],
    shownChoices: ['resume', 'restart', 'stop', 'cancel', 'review'],
    answers: [],
    openQuestions: 0,
    hasUnit: true,
    unreadLines: 0,
    hasChanged: false,
  };
  for (const key of ['r', 'R', 'X', 'v', 's']) {
    const row = findKey(key === 's' ? 'review' : 'job', key);
    expect(row?.blockedBy?.(context)).toMatch(/read-only|in doubt/);
  }
});

test('formatKeysPage: names every screen and every command', () => {
  const page = formatKeysPage();
  for (const row of KEYMAP) expect(page).toContain(row.label);
  expect(page.match(/^## /gm)).toHaveLength(SCREENS.length);
});

test('keymap.ts: is plain data that Node reads without JSX', () => {
  const source = readFileSync(new URL('../../src/ui/keymap.ts', import.meta.url), 'utf8');
  expect(source).not.toMatch(/import (?!type)/);
});
