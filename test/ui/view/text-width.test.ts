import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText, fitText, measureText, wrapText } from '../../../src/ui/view/text-width.ts';
import { makeEmulator } from '../../helpers/terminal/emulator.ts';

test.each([
  ['plain', 5],
  ['日本', 4],
  ['e\u0301', 1],
  ['👩‍👩‍👧', 2],
  ['한국어', 6],
  ['Ελλάδα', 6],
  ['⚠\ufe0f', 2],
  ['→ …', 3],
  ['ｶﾞ', 2],
  ['किताब', 5],
  ['🇩🇪', 2],
  ['1\ufe0f\u20e3', 2],
  ['', 0],
])('measureText: %j takes %i cells', (text, cells) => {
  expect(measureText(text)).toBe(cells);
});

test('fitText: a terminal shows what follows in the column that was meant', async () => {
  for (const text of [
    'Orders',
    '配送ジョブ 東京 (express)',
    'e\u0301clair',
    '한국어 주문',
    'ｆｕｌｌ width',
    'ｶﾞﾗｽ',
    'किताब',
  ]) {
    const emulator = makeEmulator({ columns: 40, rows: 2 });
    // What is written into the column that was meant stands where the mark was.
    await emulator.write(`${fitText(text, 12)}|\x1b[13GX`);
    expect(emulator.lines()[0], text).toMatch(/^[^|]*X$/);
    emulator.dispose();
  }
});

test('fitText: takes exactly its width, at either side', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme-composite' }), fc.integer({ min: 1, max: 40 }), (text, width) => {
      expect(measureText(fitText(text, width))).toBe(width);
      expect(measureText(fitText(text, width, 'left'))).toBe(width);
      expect(measureText(cutText(text, width))).toBeLessThanOrEqual(width);
    }),
  );
});

test('wrapText: lines fit, and no word is lost', () => {
  fc.assert(
    fc.property(fc.array(fc.stringMatching(/^[a-z日]{1,12}$/)), fc.integer({ min: 2, max: 30 }), (words, width) => {
      const lines = wrapText(words.join(' '), width);
      for (const line of lines) expect(measureText(line)).toBeLessThanOrEqual(width);
      expect(lines.join('').replaceAll(' ', '')).toBe(words.join(''));
    }),
  );
});
