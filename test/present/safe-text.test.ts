import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { safeJson, safeLayout, safeLines, safeText } from '../../src/present/safe-text.ts';

/** What a terminal obeys or a reader is fooled by: controls, direction marks, invisible formatting, lone surrogates. */
const HARMFUL =
  /[\p{Cc}\p{Cs}\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/u;

const ESC = '\u001b';
const CSI = '\u009b';

/** Pieces of which attacks are made, and text between them. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(ESC, CSI, '\u009d', '\u0090', '\u009c', '\u0007', '\u0000', '\u007f', '\r\n', '\t', '\u2028'),
      fc.constantFrom(
        '\u202e',
        '\u2066',
        '\u200b',
        '\ufeff',
        '\ud83d',
        '\ude00',
        '\u{e0041}',
        '[',
        ']',
        '0;',
        'm',
        '\\',
      ),
      fc.string({ unit: 'binary' }),
      fc.string(),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));
const maxLength = fc.nat(60);

describe('safeText', () => {
  it('has nothing harmful in it, whatever it is given', () => {
    fc.assert(
      fc.property(hostile, maxLength, (text, most) => !HARMFUL.test(safeText(text, most))),
      { numRuns: 1000 },
    );
  });

  it('is never longer than asked, in characters', () => {
    fc.assert(
      fc.property(hostile, maxLength, (text, most) => Array.from(safeText(text, most)).length <= most),
      {
        numRuns: 1000,
      },
    );
  });

  it('changes nothing that is safe already', () => {
    fc.assert(
      fc.property(hostile, maxLength, (text, most) => {
        const once = safeText(text, most);
        expect(safeText(once, most)).toBe(once);
      }),
      { numRuns: 1000 },
    );
  });

  it.each([
    ['colour', `${ESC}[31mred${ESC}[0m`, 'red'],
    ['colour in one byte', `${CSI}31mred`, 'red'],
    ['a window title', `a${ESC}]0;owned\u0007b`, 'ab'],
    ['a title that never ends', `a${ESC}]0;owned`, 'a'],
    ['a link', `${ESC}]8;;http://evil${ESC}\\text${ESC}]8;;${ESC}\\`, 'text'],
    ['a device control string', `a\u0090payload\u009cb`, 'ab'],
    ['a reset', `a${ESC}cb`, 'ab'],
    ['a character set', `a${ESC}(0b`, 'ab'],
    ['an escape at the end', `a${ESC}`, 'a'],
    ['a sequence cut short', `a${ESC}[`, 'a'],
    ['a line drawn over', 'shown\rhidden', 'shown hidden'],
    ['several lines', 'one\r\n\ttwo\u2028three\u0085four', 'one two three four'],
    ['a bell and a backspace', 'a\u0007b\u0008c', 'abc'],
    ['a direction override', 'invoice\u202efdp.exe', 'invoicefdp.exe'],
    ['hidden letters', 'a\u200b\u{e0041}\ufeffb', 'ab'],
    ['a lone surrogate', 'a\ud83db', 'ab'],
    ['spaces around', '  a  ', 'a'],
  ])('takes out %s', (_what, text, expected) => {
    expect(safeText(text)).toBe(expected);
  });

  it('keeps letters of every script, and joined ones', () => {
    for (const text of ['Zürich', '東京', 'עברית', 'नमस्ते', '👨‍👩‍👧', 'e\u0301']) expect(safeText(text)).toBe(text);
  });

  it('cuts between characters, with an ellipsis', () => {
    expect(safeText('abcdef', 4)).toBe('abc…');
    expect(safeText('abcd', 4)).toBe('abcd');
    expect(safeText('😀😀😀', 2)).toBe('😀…');
    expect(safeText('😀😀', 2)).toBe('😀😀');
    expect(safeText('abc', 1)).toBe('…');
    expect(safeText('abc', 0)).toBe('');
  });

  it('looks at no more of a long text than its beginning', () => {
    fc.assert(
      fc.property(hostile, maxLength, (text, most) => {
        const long = text.repeat(50);
        expect(safeText(`${long}${'x'.repeat(100_000)}`, most)).toBe(safeText(`${long}${'x'.repeat(500)}`, most));
      }),
    );
    expect(safeText(`${ESC}]0;${'x'.repeat(100_000)}\u0007shown`, 10)).toBe('');
  });
});

describe('safeLines', () => {
  it('makes each line safe by itself', () => {
    expect(safeLines(`one${ESC}[31m\r\ntwo\u202e\n\nthree\rfour`)).toEqual(['one', 'two', '', 'three', 'four']);
    expect(safeLines('abcdef\nabc', 4)).toEqual(['abc…', 'abc']);
  });
});

describe('safeLayout', () => {
  it('takes what is hostile and nothing else: lines, tabs and what follows an escape stay', () => {
    expect(safeLayout('a\tb\n  c\u001b]0;title\nd\u202ee \u009b2J\n')).toBe('a\tb\n  c]0;title\nde 2J\n');
  });
  it('lets nothing harmful through, whatever the text', () => {
    fc.assert(fc.property(hostile, (text) => !HARMFUL.test(safeLayout(text).replace(/[\n\t]/g, ''))));
  });
});

describe('safeJson', () => {
  it('is the same value, and nothing in it is harmful', () => {
    fc.assert(
      fc.property(fc.dictionary(hostile, fc.oneof(hostile, fc.double({ noNaN: true }))), (value) => {
        const json = safeJson(JSON.stringify(value));
        expect(json).not.toMatch(HARMFUL);
        expect(JSON.stringify(JSON.parse(json))).toBe(JSON.stringify(value));
      }),
    );
  });
});
