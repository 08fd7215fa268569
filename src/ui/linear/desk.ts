/** What every part of the linear mode works with: printing, asking, and a way out. */
import type { ConsoleOptions } from '../console-options.ts';
import type { Deeds } from '../state/deeds.ts';
import { type Line, lineText } from '../view/line.ts';
import type { LineReader } from './line-reader.ts';

export type Desk = {
  readonly options: ConsoleOptions;
  readonly reader: LineReader;
  /** What was done, for the last words. */
  readonly deeds: Deeds;
};

/** Nothing is broken into shorter lines: a screen reader reads sentences. Unit: cells. */
export const LINEAR_WIDTH = 100_000;

/** Prints lines as plain text. */
export function print(desk: Desk, lines: readonly (string | Line)[]): void {
  const texts = lines.map((line) => (typeof line === 'string' ? line : lineText(line)).trimEnd());
  desk.options.stdout.write(`${texts.join('\n')}\n`);
}

/**
 * Asks one question; the answer is trimmed. `undefined`: the input has ended. With `help`, the lines that explain the
 * answers, `help` and `?` are answered with them and the question is asked again; where text is asked for there is none.
 */
export async function ask(desk: Desk, question: string, help?: readonly string[]): Promise<string | undefined> {
  for (;;) {
    desk.options.stdout.write(`${question} `);
    const answer = (await desk.reader.next())?.trim();
    if (help === undefined || (answer !== 'help' && answer !== '?')) return answer;
    print(desk, help);
  }
}
