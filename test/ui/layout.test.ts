import { expect, test } from 'vitest';
import { layoutConsole, layoutJobColumns, MARK_WIDTH } from '../../src/ui/layout.ts';

const COLUMNS = Array.from({ length: 281 }, (_, at) => at + 20);
const ROWS = Array.from({ length: 95 }, (_, at) => at + 6);

test('layoutConsole: title, body, notice and footer are exactly the rows, from 6 to 100', () => {
  for (const rows of ROWS) {
    const { title, body, notice, footer } = layoutConsole({ columns: 80, rows });
    expect(title + body + notice + footer).toBe(rows);
  }
});

test('layoutConsole: every part of the body fits it and none is negative', () => {
  for (const rows of [1, 2, 3, ...ROWS]) {
    const layout = layoutConsole({ columns: 80, rows });
    expect(Math.min(...Object.values(layout))).toBeGreaterThanOrEqual(0);
    expect(layout.heading + layout.list + layout.detail).toBe(layout.body);
    expect(layout.tabs + layout.prompt + layout.menu).toBe(layout.body);
    expect(layout.tabs + layout.paneText).toBe(layout.body);
  }
});

test('layoutConsole: a list has rows even on 20 x 6', () => {
  expect(layoutConsole({ columns: 20, rows: 6 }).list).toBeGreaterThanOrEqual(3);
});

test.each([
  [undefined, undefined],
  [0, 0],
  [-1, 24],
])('layoutConsole: a terminal of %s x %s counts as 80 x 24', (columns, rows) => {
  expect(layoutConsole({ columns, rows })).toMatchObject({ columns: 80, rows: 24 });
});

test('layoutJobColumns: mark, widths and gaps never exceed the terminal, from 20 to 300', () => {
  for (const columns of COLUMNS) {
    const widths = layoutJobColumns(columns).map(({ width }) => width);
    const total = MARK_WIDTH + widths.reduce((sum, width) => sum + width, 0) + widths.length - 1;
    expect(total).toBeLessThanOrEqual(columns);
    expect(Math.min(...widths)).toBeGreaterThan(0);
  }
});

test.each([
  [20, ['name']],
  [40, ['name', 'state', 'count']],
  [80, ['name', 'state', 'bar', 'count', 'proof', 'next']],
  [120, ['name', 'state', 'bar', 'count', 'proof', 'next', 'stopped', 'error']],
])('layoutJobColumns: %i cells show %j', (columns, expected) => {
  expect(layoutJobColumns(columns).map(({ column }) => column)).toEqual(expected);
});
