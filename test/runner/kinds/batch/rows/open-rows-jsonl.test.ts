import { describe, expect, it } from 'vitest';
import { readRefusal, readRows } from './read-rows.ts';

const jsonl = { format: 'jsonl' } as const;

describe('openRows, JSON lines', () => {
  it('keeps every line as it is written', async () => {
    const lines = ['{"id": 9007199254740993, "x": 1.0}', '{"id":"b","deep":{"a":[1,2]},"t":"\\u00e9"}'];
    const read = await readRows(`${lines[0]}\n\n   \r\n  ${lines[1]}\r\n`, { ...jsonl, key: 'id' });
    expect(read.rows.map((row) => row.dataJson)).toEqual(lines);
    expect(read.columns).toEqual(['id', 'x']);
  });
  it('keys rows by numbers with every digit, and counts rows, not lines', async () => {
    const read = await readRows('\ufeff{"id":9007199254740993}\n\n{"id":"x"}', { ...jsonl, key: 'id' });
    expect(read.rows.map(({ number, key }) => [number, key])).toEqual([
      [1, '9007199254740993'],
      [2, 'x'],
    ]);
  });
  it('takes whole numbers and decimals as keys, each of which has one spelling', async () => {
    const keys = ['0', '-5', '1.5', '-0.25', '100', '123456789012345678901234567890'];
    expect((await readRows(keys.map((key) => `{"id":${key}}\n`).join(''), { ...jsonl, key: 'id' })).keys).toEqual(keys);
  });
  it.each(['1.0', '1e0', '-0', '1.50', '1E3', '0.0'])(
    'refuses the number %s as a key: it can be spelled otherwise',
    async (key) => {
      expect(await readRefusal(`{"id":${key}}\n`, { ...jsonl, key: 'id' })).toMatch(/the key id is .*other spellings/);
    },
  );
  it('reads an empty file as no rows', async () => {
    expect(await readRows('', jsonl)).toMatchObject({ columns: [], rows: [] });
  });
  it.each([
    ['a line that is no JSON', '{"id":1}\n{a:1}\n', /^ROWS_INVALID FILE, row 2, line 2: this is not JSON: /],
    ['a line that is no object', '\n[1]\n', /^ROWS_INVALID FILE, row 1, line 2: this is not a JSON object$/],
    ['null', 'null\n', /^ROWS_INVALID FILE, row 1, line 1: this is not a JSON object$/],
    ['a row without the key', '{"id":"a"}\n{"b":1}\n', /row 2, line 2: the key id is missing$/],
    ['a key that stands twice', '{"id":"R1","id":"R2"}\n', /row 1, line 1: the member id stands twice$/],
    ['any member that does', '{"id":1}\n{"id":2,"a\\u0062":1,"ab":1}\n', /row 2, line 2: the member ab stands twice$/],
    ['an empty key', '{"id":""}\n', /row 1, line 1: the key id is empty$/],
    ['a key that is an object', '{"id":{}}\n', /row 1, line 1: the key id is neither text nor a number$/],
    [
      'half a surrogate pair in a key',
      '{"id":"a\\ud800"}\n{"id":"a\\ud801"}\n',
      /row 1, line 1: the key id holds half a surrogate pair/,
    ],
    ['a key of another object', '{"a":1}\n', /the key id is missing$/],
  ])('refuses %s', async (_, content, message) => {
    expect(await readRefusal(content, { ...jsonl, key: 'id' })).toMatch(message);
  });
});
