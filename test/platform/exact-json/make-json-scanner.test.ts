import { describe, expect, test } from 'vitest';
import { makeJsonScanner } from '../../../src/platform/exact-json/make-json-scanner.ts';

/** Scans a text cut into chunks of this many bytes; a chunk is overwritten when it was taken, as a file's are. */
function scan(text: string | Uint8Array, chunkBytes = Number.POSITIVE_INFINITY) {
  const bytes = Buffer.from(text);
  const scanner = makeJsonScanner({ isWanted: () => true });
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = Buffer.from(bytes.subarray(at, at + chunkBytes));
    scanner.push(chunk);
    chunk.fill('9');
  }
  scanner.end();
  const { fields } = scanner;
  return { problem: scanner.problem(), rootType: scanner.rootType(), fields, doubtful: scanner.doubtfulNumbers() };
}

const VALID = [
  '{}',
  ' [ ] ',
  '0',
  '-0',
  '1e5',
  '"text"',
  'true',
  'null',
  '{"a":{"a":[{"a":1},{"a":2}]},"b":"a"}',
  '[1,2.5,-3e-7,4E+2,0.0,123456789012345678901234567890]',
  '[1.7976931348623157e308,1e-400,0e999,100e306]',
  '"\\ud83d\\ude00\\u00e9\\"\\\\\\/\\b\\f\\n\\r\\t"',
  '"é漢\u{1F600}\u{10FFFF}\uFEFF\u007f"',
  '{"a":1,"A":2,"":3," ":4,"__proto__":5}',
  '\r\n\t[1 , 2\n,\t3 ]\r\n',
  `[${'['.repeat(126)}${']'.repeat(126)}]`,
];

const INVALID: readonly (readonly [text: string | Uint8Array, rule: string, offset: number])[] = [
  ['', 'truncated', 0],
  ['  ', 'truncated', 2],
  ['\uFEFF{}', 'encoding', 0],
  ['{}x', 'syntax', 2],
  ['[1,]', 'syntax', 3],
  ['[,1]', 'syntax', 1],
  ['{"a":1,}', 'syntax', 7],
  ['{a:1}', 'syntax', 1],
  ["{'a':1}", 'syntax', 1],
  ['{"a" 1}', 'syntax', 5],
  ['[1 2]', 'syntax', 3],
  ['[01]', 'syntax', 2],
  ['[+1]', 'syntax', 1],
  ['[.5]', 'syntax', 1],
  ['[1.]', 'syntax', 3],
  ['[1.e5]', 'syntax', 3],
  ['[1e]', 'syntax', 3],
  ['[-]', 'syntax', 2],
  ['[-a]', 'syntax', 2],
  ['[NaN]', 'syntax', 1],
  ['[Infinity]', 'syntax', 1],
  ['[tru]', 'syntax', 4],
  ['[nul1]', 'syntax', 4],
  ['// c', 'syntax', 0],
  ['"a\nb"', 'syntax', 2],
  ['"\\x41"', 'syntax', 2],
  ['"\\u12g4"', 'syntax', 5],
  ['"\\ud83d"', 'lone_surrogate', 1],
  ['"\\ud83dx"', 'lone_surrogate', 1],
  ['"\\ud83d\\n"', 'lone_surrogate', 1],
  ['"ab\\ude00"', 'lone_surrogate', 3],
  ['"\\ud83d\\ud83d\\ude00"', 'lone_surrogate', 1],
  ['[1e400]', 'number_range', 1],
  ['[5,-1e309,5]', 'number_range', 3],
  [`[${'9'.repeat(310)}]`, 'number_range', 1],
  ['{"a":1,"b":2,"a":3}', 'duplicate_key', 13],
  ['{"a":1,"\\u0061":3}', 'duplicate_key', 7],
  [`{${Array.from({ length: 40 }, (_item, index) => `"k${index}":0`).join(',')},"k3":0}`, 'duplicate_key', 311],
  ['[1', 'truncated', 2],
  ['{"a":[{"b', 'truncated', 9],
  ['[]]', 'syntax', 2],
  ['[}', 'syntax', 1],
  ['{]', 'syntax', 1],
  [`[${'['.repeat(127)}`, 'depth', 127],
  ['\0\0\0\0', 'syntax', 0],
  ['[1,\0]', 'syntax', 3],
  [Buffer.from([0x22, 0xc0, 0x80, 0x22]), 'encoding', 1],
  [Buffer.from([0x22, 0xe0, 0x80, 0x80, 0x22]), 'encoding', 2],
  [Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), 'encoding', 2],
  [Buffer.from([0x22, 0xf0, 0x8f, 0x80, 0x80, 0x22]), 'encoding', 2],
  [Buffer.from([0x22, 0xf4, 0x90, 0x80, 0x80, 0x22]), 'encoding', 2],
  [Buffer.from([0x22, 0xf5, 0x80, 0x80, 0x80, 0x22]), 'encoding', 1],
  [Buffer.from([0x22, 0xe6, 0xbc, 0x22]), 'encoding', 3],
  [Buffer.from([0x22, 0xc3, 0x22]), 'encoding', 2],
  [Buffer.from([0x22, 0x80, 0x22]), 'encoding', 1],
  [Buffer.from([0x22, 0xff, 0x22]), 'encoding', 1],
];

test.each(VALID)('makeJsonScanner: %j is valid however it is cut', (text) => {
  JSON.parse(text);
  for (let chunkBytes = 1; chunkBytes <= Math.min(Buffer.byteLength(text), 40); chunkBytes++) {
    expect(scan(text, chunkBytes).problem).toBeUndefined();
  }
});

test.each(INVALID)('makeJsonScanner: %j breaks the rule %s at byte %i however it is cut', (text, rule, offset) => {
  for (let chunkBytes = 1; chunkBytes <= Math.min(Math.max(text.length, 1), 40); chunkBytes++) {
    expect({ chunkBytes, ...scan(text, chunkBytes).problem }).toMatchObject({ chunkBytes, rule, offset });
  }
});

describe('makeJsonScanner: the place of a problem', () => {
  test.each([
    ['{"policy_state":{"layers":[1,2,{"w":[0,x', '$.policy_state.layers[2].w[1]'],
    ['{"odd key":tru ', '$["odd key"]'],
    ['[[],[1],[1,2,nope]]', '$[2][2]'],
    ['{"a":1,"b":2,"a"', '$.a'],
  ])('of %s is %s', (text, path) => {
    for (const chunkBytes of [1, 3, 100]) expect(scan(text, chunkBytes).problem?.path).toBe(path);
  });

  test('of a cut file says what was open', () => {
    expect(scan('{"a":[{"b":"tex').problem).toMatchObject({
      offset: 15,
      expected: 'the rest of a string',
      found: 'the end of the file with {[{ open',
    });
  });
});

test('makeJsonScanner: wanted fields keep their type, range and raw text, however the file is cut', () => {
  const text = '{"s" : "a\\u0062" ,"n":-1.50,"o":{"s":[1]},"b":false,"z":null,"a":[ ]}';
  const ranges = (name: string, chunkBytes: number) => {
    const field = scan(text, chunkBytes).fields.get(name);
    return { type: field?.type, text: field?.text, raw: text.slice(field?.startOffset, field?.endOffset) };
  };
  for (let chunkBytes = 1; chunkBytes <= text.length; chunkBytes++) {
    expect(ranges('s', chunkBytes)).toEqual({ type: 'string', text: '"a\\u0062"', raw: '"a\\u0062"' });
    expect(ranges('n', chunkBytes)).toEqual({ type: 'number', text: '-1.50', raw: '-1.50' });
    expect(ranges('o', chunkBytes)).toEqual({ type: 'object', text: undefined, raw: '{"s":[1]}' });
    expect(ranges('b', chunkBytes)).toEqual({ type: 'boolean', text: 'false', raw: 'false' });
    expect(ranges('z', chunkBytes)).toEqual({ type: 'null', text: 'null', raw: 'null' });
    expect(ranges('a', chunkBytes)).toEqual({ type: 'array', text: undefined, raw: '[ ]' });
  }
});

test('makeJsonScanner: a key beyond a mebibyte is refused, a string in a state is not', () => {
  const long = 'x'.repeat(1024 * 1024 + 1);
  for (const chunkBytes of [65_536, 10_000_000]) {
    expect(scan(`{"a":{"${long}":1}}`, chunkBytes).problem).toMatchObject({ rule: 'token_length', offset: 6 });
    expect(scan(`{"a":{"b":"${long}"}}`, chunkBytes).problem).toBeUndefined();
  }
});

test('makeJsonScanner: numbers that JSON.parse may change are noted, however the text is cut', () => {
  const kept = [
    '0',
    '-0',
    '0.1',
    '-12.5e-7',
    '123456789012345',
    '0.1234567890123456',
    '0.01234567890123456',
    '0.12345678901234568',
  ];
  const doubtful = [
    '9007199254740993',
    '0.10000000000000001',
    '-1e-400',
    '12345678901234567890',
    '0.1234567890123456789',
  ];
  const numbers = [...kept, ...doubtful].sort();
  const text = `{"a":[${numbers.join(' , ')}],"b":{${numbers.map((number, at) => `"12345678901234567${at}":${number}`)}}}`;
  const expected = [...numbers, ...numbers].filter((number) => doubtful.includes(number));
  for (let chunkBytes = 1; chunkBytes <= text.length; chunkBytes++) {
    const found = scan(text, chunkBytes).doubtful?.map(([start, end]) => text.slice(start, end));
    expect(found, `in chunks of ${chunkBytes}`).toEqual(expected);
  }
});

test('makeJsonScanner: a thousand doubtful numbers are noted, and of more none', () => {
  const text = (count: number) => `[${Array(count).fill('9007199254740993').join()}]`;
  expect(scan(text(1_000)).doubtful).toHaveLength(1_000);
  expect(scan(text(1_001)).doubtful).toBeUndefined();
});
