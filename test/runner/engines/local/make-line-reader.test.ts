import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeLineReader } from '../../../../src/runner/engines/local/make-line-reader.ts';

function read(limitBytes: number, pieces: readonly Uint8Array[]): (string | number)[][] {
  const lines: (string | number)[][] = [];
  const reader = makeLineReader(limitBytes, (line, cutBytes) => lines.push([line, cutBytes]));
  for (const piece of pieces) reader.push(Buffer.from(piece));
  reader.end();
  return lines;
}

describe('makeLineReader', () => {
  it('gives the same lines however the bytes come', () => {
    const text = fc
      .array(fc.oneof(fc.constantFrom('\n', '\r\n', 'é', '😀'), fc.string()))
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(text, fc.array(fc.nat(20)), (whole, sizes) => {
        const bytes = Buffer.from(whole);
        const pieces: Buffer[] = [];
        let at = 0;
        for (const size of sizes) {
          pieces.push(bytes.subarray(at, at + size));
          at += size;
        }
        pieces.push(bytes.subarray(at));
        const expected = whole.split('\n').map((line) => line.replace(/\r$/, ''));
        if (whole === '' || whole.endsWith('\n')) expected.pop();
        expect(read(1000, pieces)).toEqual(expected.map((line) => [line, 0]));
      }),
    );
  });
  it('keeps the beginning of a line that is too long and says how much it left out', () => {
    const pieces = ['ab', 'cdef', 'ghi\nnext\nlong line\n', 'end'].map((text) => Buffer.from(text));
    expect(read(5, pieces)).toEqual([
      ['abcde', 4],
      ['next', 0],
      ['long ', 4],
      ['end', 0],
    ]);
  });
});
