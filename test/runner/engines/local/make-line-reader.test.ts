import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeLineReader } from '../../../../src/runner/engines/local/make-line-reader.ts';

type Line = readonly [text: string, cutBytes: number] | readonly [text: string, cutBytes: number, isExact: false];

/** The lines of pieces; what is exact is not said. */
function read(limitBytes: number, pieces: readonly Uint8Array[]): readonly Line[] {
  const lines: Line[] = [];
  const reader = makeLineReader(limitBytes, ({ text, cutBytes, isExact }) => {
    lines.push(isExact ? [text, cutBytes] : [text, cutBytes, false]);
  });
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
  it('cuts at the limit in bytes, however the bytes come', () => {
    const bytes = Buffer.from('ééé\néé\n');
    const expected = [
      ['éé', 2],
      ['éé', 0],
    ];
    expect(read(4, [bytes])).toEqual(expected);
    expect(
      read(
        4,
        [...bytes].map((byte) => Buffer.of(byte)),
      ),
    ).toEqual(expected);
  });
  it('says of which lines bytes were replaced that are no UTF-8', () => {
    const bytes = Buffer.concat([Buffer.from('whole\nb'), Buffer.of(0xe9), Buffer.from('d\n\ufffd\nlast')]);
    expect(read(1000, [bytes])).toEqual([
      ['whole', 0],
      ['b\ufffdd', 0, false],
      ['\ufffd', 0],
      ['last', 0],
    ]);
  });
});
