/** Keys in words. */

/** How a key is written for people. */
export function describeKey(key: string): string {
  return KEY_WORDS[key] ?? key;
}

/** Whether a key that prints nothing has a name for people. */
export function isNamedKey(key: string): boolean {
  return Object.hasOwn(KEY_WORDS, key);
}

const KEY_WORDS: Readonly<Record<string, string>> = {
  enter: 'Enter',
  ' ': 'Space',
  escape: 'Esc',
  tab: 'Tab',
  'shift+tab': 'Shift+Tab',
  up: 'Up',
  down: 'Down',
  left: 'Left',
  right: 'Right',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  'ctrl+c': 'Ctrl+C',
  'ctrl+z': 'Ctrl+Z',
};
