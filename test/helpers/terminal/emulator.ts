/** A terminal emulator to assert on: what a person would see, and what was sent to make them see it. */
import headless from '@xterm/headless';
import { makeWaiter, type Waiter } from './waiter.ts';

/** Size in cells. */
export type Size = { readonly columns: number; readonly rows: number };

export type Emulator = {
  /** Feeds output of the program; resolves when the screen shows it. */
  readonly write: (data: string) => Promise<void>;
  readonly resize: (size: Size) => void;
  /** The visible rows, without trailing spaces. */
  readonly lines: () => readonly string[];
  /** The visible rows as one text. */
  readonly screen: () => string;
  /** Rows that have scrolled away above the screen of the main buffer. */
  readonly scrollbackRows: () => number;
  readonly activeBuffer: () => 'normal' | 'alternate';
  /** What the program has been sent back by the terminal: answers to its queries. */
  readonly onReply: (reply: (data: string) => void) => void;
  /** Resolves with the screen once it fulfils `isThere`; fails with the screen after the waiter's limit. */
  readonly waitFor: Waiter;
  /** All that was written, in order. */
  readonly output: () => string;
  readonly dispose: () => void;
};

/** Makes an emulator of xterm. `isDirect`: nothing between program and emulator turns line feeds into new lines. */
export function makeEmulator(size: Size & { readonly isDirect?: boolean }): Emulator {
  const terminal = new headless.Terminal({
    cols: size.columns,
    rows: size.rows,
    scrollback: 5000,
    allowProposedApi: true,
    convertEol: size.isDirect === true,
  });
  let output = '';
  const changed = new Set<() => void>();
  const lines = (): readonly string[] => {
    const buffer = terminal.buffer.active;
    return Array.from(
      { length: terminal.rows },
      (_, at) => buffer.getLine(buffer.viewportY + at)?.translateToString(true) ?? '',
    );
  };
  const screen = (): string => lines().join('\n');
  return {
    write: (data) => {
      output += data;
      return new Promise((resolve) => {
        terminal.write(data, () => {
          for (const tell of [...changed]) tell();
          resolve();
        });
      });
    },
    resize: ({ columns, rows }) => terminal.resize(columns, rows),
    lines,
    screen,
    scrollbackRows: () => terminal.buffer.normal.baseY,
    activeBuffer: () => terminal.buffer.active.type,
    onReply: (reply) => terminal.onData(reply),
    waitFor: makeWaiter({
      screen,
      // Programs say where a frame begins and ends (synchronized output).
      isWhole: () => output.lastIndexOf('\u001b[?2026h') <= output.lastIndexOf('\u001b[?2026l'),
      subscribe: (tell) => {
        changed.add(tell);
        return () => changed.delete(tell);
      },
    }),
    output: () => output,
    dispose: () => terminal.dispose(),
  };
}
