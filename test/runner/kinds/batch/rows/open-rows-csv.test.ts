import { createHash } from 'node:crypto';
import { parse } from 'csv-parse/sync';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRefusal, readRows } from './read-rows.ts';

describe('openRows, CSV', () => {
  it('reads header, quotes, doubled quotes, line breaks in cells and empty cells', async () => {
    const read = await readRows('id,name,note\nA1,"O\'Hara, ""Bob""","two\nlines"\nA2,,\n', { key: 'id' });
    expect(read.columns).toEqual(['id', 'name', 'note']);
    expect(read.keys).toEqual(['A1', 'A2']);
    expect(read.data).toEqual([
      { id: 'A1', name: `O'Hara, "Bob"`, note: 'two\nlines' },
      { id: 'A2', name: '', note: '' },
    ]);
  });
  it.each(['\r', '\r\n', '\n'])('takes %j for a line end, also where two pieces of the file meet', async (lineEnd) => {
    const [long, short] = ['A'.repeat(32 * 1024 - 3 - lineEnd.length), '"x\ry"'];
    const { keys, digest } = await readRows(`id${lineEnd}${long}${lineEnd}${short}${lineEnd}`, { key: 'id' });
    expect([keys, digest.sizeBytes]).toEqual([[long, 'x\ry'], 32 * 1024 + 4 + 2 * lineEnd.length]);
    expect(await readRefusal(`id${lineEnd}1${lineEnd}2,3`)).toMatch(/ row 2, line 3: found 2 cells/);
  });
  it('reads a byte order mark, CRLF, empty lines and a last line without an end', async () => {
    const read = await readRows('\ufeffid,größe\r\n\r\nA1,é\r\n\r\nA2,😀', { key: 'id' });
    expect(read.columns).toEqual(['id', 'größe']);
    expect(read.rows.map(({ number, key }) => [number, key])).toEqual([
      [1, 'A1'],
      [2, 'A2'],
    ]);
    expect(read.data[1]).toEqual({ id: 'A2', größe: '😀' });
  });
  it('keys rows by their number when the job names no key', async () => {
    expect((await readRows('a\nx\nx\n')).keys).toEqual(['1', '2']);
  });
  it('keeps columns that have special names in JavaScript', async () => {
    const { rows } = await readRows('__proto__,2,1\na,b,c\n');
    expect(rows[0]?.dataJson).toBe('{"__proto__":"a","2":"b","1":"c"}');
  });
  it('reads 1,000 columns', async () => {
    const names = Array.from({ length: 1000 }, (_, index) => `c${index}`);
    const read = await readRows(`${names.join(',')}\n${names.map((_, index) => index).join(',')}\n`);
    expect(read.columns).toHaveLength(1000);
    expect(read.data[0]).toMatchObject({ c0: '0', c999: '999' });
  });
  it('digests the file while it reads it', async () => {
    const content = `id\n${Array.from({ length: 50_000 }, (_, index) => `Ü${index}`).join('\n')}\n`;
    const read = await readRows(content);
    expect(read.rows).toHaveLength(50_000);
    expect(read.data.at(-1)).toEqual({ id: 'Ü49999' });
    expect(read.digest).toEqual({
      sha256: createHash('sha256').update(content).digest('hex'),
      sizeBytes: Buffer.byteLength(content),
    });
  });
  it('reads a file with a header alone as no rows', async () => {
    expect(await readRows('a,b')).toMatchObject({ columns: ['a', 'b'], rows: [] });
  });
  it('agrees with another parser on any cells, however they are written', async () => {
    const cell = fc.tuple(fc.stringMatching(/^[a-c",\n\r é😀]{0,6}$/u), fc.boolean());
    const written = ([value, quoted]: readonly [string, boolean]) =>
      quoted || /[",\n\r]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
    const rows = fc.array(fc.tuple(cell, cell), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(rows, fc.constantFrom('\n', '\r\n', '\r'), fc.boolean(), async (table, lineEnd, ended) => {
        const lines = ['x,y', ...table.map((row) => row.map(written).join(','))];
        const text = lines.join(lineEnd) + (ended ? lineEnd : '');
        const expected: unknown = parse(text, {
          columns: true,
          record_delimiter: ['\r\n', '\n', '\r'],
          skip_empty_lines: true,
        });
        expect((await readRows(text)).data).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });
});

describe('openRows, CSV, refuses', () => {
  it.each([
    ['a short row', 'a,b\n1,2\n3\n', 'ROWS_INVALID FILE, row 2, line 3: found 1 cells, expected 2 as in the header'],
    [
      'a long row after a cell of two lines',
      'a,b\n"1\n1",2\n1,2,3\n',
      'ROWS_INVALID FILE, row 2, line 4: found 3 cells, expected 2 as in the header',
    ],
    [
      'a quote inside a cell',
      'a,b\n1,x"y"\n',
      'ROWS_INVALID FILE, row 1, line 2: a cell has a quote inside, but is not quoted as a whole',
    ],
    [
      'text after a closing quote',
      'a,b\n"1"x,2\n',
      'ROWS_INVALID FILE, row 1, line 2: a cell has a quote inside, but is not quoted as a whole',
    ],
    [
      'a quote that is not closed',
      'a,b\n1,2\n"3,4\n5,6\n',
      'ROWS_INVALID FILE, line 3: the record that starts here has a quote that is not closed',
    ],
    ['a repeated column', 'a,b,a\n', 'ROWS_INVALID FILE, line 1: its header has two columns named a'],
    ['a column without a name', 'a,,b\n', 'ROWS_INVALID FILE, line 1: column 2 of its header has no name'],
    ['an empty file', '', 'ROWS_INVALID FILE, line 1: it has no header'],
    ['a file of empty lines', '\n\r\n', 'ROWS_INVALID FILE, line 1: it has no header'],
  ])('%s', async (_, content, message) => {
    expect(await readRefusal(content)).toBe(message);
  });
  it('a row without a key', async () => {
    expect(await readRefusal('id,b\nA,1\n,2\n', { key: 'id' })).toBe(
      'ROWS_INVALID FILE, row 2, line 3: the key column id is empty',
    );
  });
  it('a key column that is not there', async () => {
    expect(await readRefusal('order_id,b\n', { key: 'orderid' })).toBe(
      'JOB_FILE_INVALID key: FILE has no column orderid; did you mean order_id?',
    );
  });
  it.each([
    ['in the middle', Buffer.concat([Buffer.from('a\nxy'), Buffer.from([0xff]), Buffer.from('z\n')]), 4],
    ['cut at the end', Buffer.concat([Buffer.from('a\n'), Buffer.from([0xe2, 0x82])]), 2],
    [
      'after a long valid part',
      Buffer.concat([Buffer.from('a\n'), Buffer.from('é'.repeat(100_000)), Buffer.from([0xc3, 0x28])]),
      200_002,
    ],
    ['overlong', Buffer.from([0x61, 0x0a, 0xc0, 0xaf]), 2],
    ['a lone surrogate', Buffer.from([0x61, 0x0a, 0xed, 0xa0, 0x80]), 2],
  ])('bytes that are not UTF-8: %s', async (_, content, offset) => {
    expect(await readRefusal(content)).toBe(`ROWS_INVALID FILE is not valid UTF-8 at byte ${offset} (counted from 0)`);
  });
});
