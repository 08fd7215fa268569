// Draws docs/console.svg: frames of the real console on a real terminal, on the jobs of the demo.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import headless, { type IBufferCell } from '@xterm/headless';
import { endLeftovers } from '../src/cli/demo/end-leftovers.ts';
import { makeJob } from '../src/cli/demo/make-job.ts';
import { readScenarios } from '../src/cli/demo/read-scenarios.ts';
import { systemClock } from '../src/platform/clock.ts';
import { makeNativePlace } from '../src/sources/native/read.ts';
import { openJobStore } from '../src/store/open-store.ts';
import { GUARD_MS } from '../src/ui/state/guard.ts';
import { openPty } from '../test/helpers/terminal/open-pty.ts';

const ROOT = path.join(import.meta.dirname, '..');
const PROGRAM = path.join(ROOT, 'bin/salvor.js');
const SIZE = { columns: 100, rows: 20 };
/** Of one cell, in the units of the picture. */
const CELL = { width: 8.4, height: 18 };
const MARGIN = 14;
const BACKGROUND = '#16181d';
const FOREGROUND = '#d8dbe2';
/** The sixteen colours of a terminal, dim ones first. */
const PALETTE = [
  ['#3b4048', '#e06c75', '#98c379', '#e5c07b', '#61afef', '#c678dd', '#56b6c2', '#abb2bf'],
  ['#5c6370', '#ef7b85', '#a9d68a', '#f0cc88', '#72bcf8', '#d48aea', '#67c7d3', '#ffffff'],
].flat();

type Style = {
  readonly fill: string;
  readonly back: string | undefined;
  readonly bold: boolean;
  readonly dim: boolean;
};

/** What a terminal shows after this output, row by row as runs of one style. */
async function readRuns(output: string) {
  const terminal = new headless.Terminal({ cols: SIZE.columns, rows: SIZE.rows, allowProposedApi: true });
  await new Promise<void>((resolve) => terminal.write(output, resolve));
  const buffer = terminal.buffer.active;
  return Array.from({ length: SIZE.rows }, (_, row) => {
    const runs: { readonly column: number; text: string; readonly style: Style }[] = [];
    for (let column = 0; column < SIZE.columns; column += 1) {
      const cell = buffer.getLine(buffer.viewportY + row)?.getCell(column);
      if (!cell || cell.getWidth() === 0) continue;
      const style = readStyle(cell);
      const last = runs.at(-1);
      const text = cell.getChars() || ' ';
      if (last && JSON.stringify(last.style) === JSON.stringify(style)) last.text += text;
      else runs.push({ column, text, style });
    }
    return runs;
  });
}

function readStyle(cell: IBufferCell): Style {
  const fore = cell.isFgDefault() ? FOREGROUND : (PALETTE[cell.getFgColor()] ?? FOREGROUND);
  const back = cell.isBgDefault() ? undefined : PALETTE[cell.getBgColor()];
  const look = { bold: cell.isBold() !== 0, dim: cell.isDim() !== 0 };
  return cell.isInverse() === 0 ? { fill: fore, back, ...look } : { fill: back ?? BACKGROUND, back: fore, ...look };
}

const escapeText = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');

/** One frame as SVG, its upper edge at `top`. */
async function drawFrame(output: string, top: number): Promise<string> {
  const rows = await readRuns(output);
  const height = SIZE.rows * CELL.height + 2 * MARGIN;
  const width = SIZE.columns * CELL.width + 2 * MARGIN;
  const parts = rows.flatMap((runs, row) =>
    runs.flatMap(({ column, text, style }) => {
      const at = { x: MARGIN + column * CELL.width, y: top + MARGIN + row * CELL.height };
      const wide = (text.length * CELL.width).toFixed(1);
      const place = `x="${at.x.toFixed(1)}"`;
      const back = style.back
        ? [`<rect ${place} y="${at.y}" width="${wide}" height="${CELL.height}" fill="${style.back}"/>`]
        : [];
      if (text.trim() === '') return back;
      const look = `${style.bold ? ' font-weight="bold"' : ''}${style.dim ? ' opacity="0.65"' : ''}`;
      const words = escapeText(text);
      return [
        ...back,
        `<text ${place} y="${at.y + 13}" textLength="${wide}" fill="${style.fill}"${look}>${words}</text>`,
      ];
    }),
  );
  return `<rect y="${top}" width="${width}" height="${height}" rx="8" fill="${BACKGROUND}"/>\n${parts.join('\n')}`;
}

/** Makes the jobs and answers what the console wrote up to each frame. */
async function takeFrames(home: string): Promise<readonly string[]> {
  const stateDirectory = path.join(home, 'salvor');
  const place = makeNativePlace(openJobStore(stateDirectory, systemClock));
  const abort = new AbortController().signal;
  const workshop = { directory: path.join(home, 'jobs'), stateDirectory, place, programPath: PROGRAM, abort };
  await mkdir(workshop.directory);
  try {
    for (const scenario of (await readScenarios(PROGRAM)).toReversed()) await makeJob(scenario, workshop);
    const env = { HOME: home, SALVOR_STATE: stateDirectory, COLORTERM: undefined };
    const pty = openPty(process.execPath, [PROGRAM], { ...SIZE, env });
    try {
      await pty.waitFor((screen) => screen.includes('California Orde') && screen.includes('? help'));
      const list = pty.output();
      // The most urgent job is the first, and that is another one.
      pty.type('/California');
      await pty.waitFor((screen) => screen.includes('> California Orde') && screen.includes('/California_'));
      await delay(GUARD_MS * 2);
      pty.type('\r');
      await pty.waitFor((screen) => screen.includes("matching 'California'") && screen.includes('? help'));
      pty.type('\r');
      await pty.waitFor((screen) => screen.includes('Last completed: Row 47') && screen.includes('? help'));
      return [list, pty.output()];
    } finally {
      pty.dispose();
    }
  } finally {
    await endLeftovers(place, { runners: true });
  }
}

const home = await mkdtemp(path.join(tmpdir(), 'salvor-picture-'));
try {
  const frames = await takeFrames(home);
  const step = SIZE.rows * CELL.height + 2 * MARGIN + 16;
  const drawn = await Promise.all(frames.map((output, index) => drawFrame(output, index * step)));
  const width = SIZE.columns * CELL.width + 2 * MARGIN;
  const font =
    'font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="14" xml:space="preserve"';
  const head = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${step * frames.length - 16}" ${font}>`;
  const title =
    '<title>The list of jobs, and the decision screen of one job that was interrupted at row 47 of 200</title>';
  await writeFile(path.join(ROOT, 'docs/console.svg'), `${head}\n${title}\n${drawn.join('\n')}\n</svg>\n`);
} finally {
  await rm(home, { recursive: true, force: true });
}
