/** Keys in words. */

/** How a key is written for people. */
export function describeKey(key: string): string {
  return KEY_WORDS[key] ?? key;
}

const KEY_WORDS: Readonly<Record<string, string>> = {
  enter: 'Enter',
  ' ': 'Space',
  escape: 'Esc',
  tab: 'Tab',
  'shift+tab': 'Shift+Tab',
  up: 'Up',
  down: 'Down',
  pageup: 'PgUp',
  pagedown: 'PgDn',
  home: 'Home',
  end: 'End',
  'ctrl+c': 'Ctrl+C',
  'ctrl+z': 'Ctrl+Z',
};
