/** The help screen, the footer and the page of keys: three readers of the keymap. */
import { describeKey } from '../describe-key.ts';
import { type KeyRow, keysOfScreen } from '../keymap.ts';
import { SCREENS, type ScreenName } from '../state/console-state.ts';
import type { KeyContext } from '../state/key-context.ts';
import { type Line, type Span, spanLine, textLine, wrappedLines } from './line.ts';
import { measureText } from './text-width.ts';

/** What each screen is called. */
export const SCREEN_TITLES: Readonly<Record<ScreenName, string>> = {
  jobs: 'Jobs',
  filter: 'Jobs, typing a filter',
  job: 'Recovery prompt',
  units: 'Units',
  checkpoints: 'Checkpoints',
  evidence: 'Evidence',
  audit: 'Audit trail',
  log: 'Log',
  review: 'Review',
  plan: 'Plan',
  type_name: 'Plan, typing the name',
  progress: 'Running recovery',
  leave: 'Leaving it?',
  report: 'Report',
  refused: 'Refused',
  settle: 'Settling a unit',
  settle_text: 'Settling a unit, typing',
  answer_text: 'Plan, typing an answer',
  help: 'Help',
};

/** In place of keys that come with what is on the screen. */
const SHOWN_THERE = 'as shown';

/** The keys of the screen that was left for help, then those of all others; a blocked key says why. */
export function assembleHelpText(from: ScreenName, context: KeyContext, columns: number): readonly Line[] {
  const others = SCREENS.filter((screen) => screen !== from && screen !== 'help');
  return [from, ...others].flatMap((screen, at) => [
    ...(at === 0 ? [] : [textLine(' ')]),
    textLine(`${SCREEN_TITLES[screen]}${at === 0 ? ' (here)' : ''}`, 'title'),
    ...keysOfScreen(screen).flatMap((row) => helpLines(row, at === 0 ? context : undefined, columns)),
  ]);
}

function helpLines(row: KeyRow, context: KeyContext | undefined, columns: number): readonly Line[] {
  const keys = (row.keys.map(describeKey).join(', ') || SHOWN_THERE).padEnd(18);
  if (context !== undefined && row.isAbsent?.(context) === true) return [];
  const why = context === undefined ? undefined : row.blockedBy?.(context);
  return wrappedLines(`  ${keys} ${row.label}${why === undefined ? '' : ` (not now: ${why})`}`, columns, {
    tone: why === undefined ? 'plain' : 'faint',
    indent: 21,
  });
}

/**
 * The keys of a screen in `rows` rows of `columns` cells: as many as fit, help always among them. A key that is
 * blocked now is faint; pressing it says why.
 */
export function assembleFooter(
  screen: ScreenName,
  context: KeyContext,
  room: { readonly columns: number; readonly rows: number },
): readonly Line[] {
  const isHidden = (row: KeyRow): boolean =>
    (row.hiddenWhenBlocked === true && row.blockedBy?.(context) !== undefined) || row.isAbsent?.(context) === true;
  const shown = keysOfScreen(screen)
    .filter((row) => row.inFooter === true && !isHidden(row))
    .flatMap((row): readonly KeyRow[] => row.expand?.(context).map((one) => ({ ...row, ...one })) ?? [row]);
  const help = shown.filter((row) => row.command === 'help');
  const lines: Span[][] = [[]];
  let used = 0;
  for (const row of [...help, ...shown.filter((other) => other.command !== 'help')]) {
    const text = `${describeKey(row.keys[0] ?? '')} ${row.label}`;
    const width = measureText(text) + 3;
    if (used + width > room.columns && used > 0) {
      if (lines.length === room.rows) break;
      lines.push([]);
      used = 0;
    }
    used += width;
    lines.at(-1)?.push({ text: `${text}   `, tone: row.blockedBy?.(context) === undefined ? 'plain' : 'faint' });
  }
  return lines.map((spans) => ({ spans }));
}

/** The page of keys in Markdown, made from the keymap alone. */
export function formatKeysPage(): string {
  const tables = SCREENS.map((screen) => {
    const rows = keysOfScreen(screen).map(
      (row) => `| ${row.keys.map((key) => `\`${describeKey(key)}\``).join(' ') || SHOWN_THERE} | ${row.label} |`,
    );
    return [`## ${SCREEN_TITLES[screen]}`, '', '| key | what it does |', '|---|---|', ...rows].join('\n');
  });
  return `# Keys of the console\n\n${tables.join('\n\n')}\n`;
}

/** The title: what is looked at, and whether anything can be changed. */
export function assembleTitle(given: {
  readonly left: string;
  readonly right: string;
  readonly columns: number;
}): Line {
  const { left, right, columns } = given;
  const space = columns - measureText(left) - measureText(right);
  if (space < 2) return spanLine([left, 'title']);
  return spanLine([left, 'title'], [' '.repeat(space), 'plain'], [right, 'faint']);
}
