import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { findDoubtfulNumbers } from '../../../src/platform/exact-json/find-doubtful-numbers.ts';
import { parseValues } from '../../../src/platform/exact-json/parse-values.ts';

const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };

/** What a number's text must become: itself, or with all its digits, as a reference in plain words. */
function expectNumber(source: string): unknown {
  const value = Number(source);
  if (/^-?\d+$/.test(source) && source !== '-0') return Number.isSafeInteger(value) ? value : BigInt(source);
  return normalise(source) === normalise(String(value)) ? value : rawJSON(source);
}

/** A decimal as digits without zeros around them, and their power of ten. */
function normalise(text: string): string {
  const [mantissa = '', power = '0'] = text.replace(/^-/, '').toLowerCase().split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/0+$/, '');
  const trimmed = digits.replace(/^0+/, '');
  return trimmed === '' ? '0' : `${trimmed}e${Number(power) + whole.length - digits.length}`;
}

function parse(text: string): unknown {
  return parseValues(Buffer.from(text));
}

/** Doubles of every size; most have 16 or 17 digits. */
const double = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.double({ min: -1, max: 1, noNaN: true }),
  fc.integer({ min: -1074, max: 1023 }).map((power) => 2 ** power),
  fc
    .tuple(fc.maxSafeInteger(), fc.integer({ min: -40, max: 40 }))
    .map(([digits, power]) => Number(`${digits}e${power}`)),
);

/** Decimals near a double: one more or less in the last of 15 to 18 digits, or spelled with more than it needs. */
const decimal = fc
  .tuple(double, fc.integer({ min: 14, max: 17 }), fc.integer({ min: -3, max: 3 }))
  .map(([value, digits, step]) => {
    const [mantissa = '', power = '0'] = value.toExponential(digits).split('e');
    const whole = BigInt(mantissa.replace('.', '')) + BigInt(step);
    return `${whole}e${Number(power) - digits}`;
  });

describe('parseValues', () => {
  test('gives every decimal its exact value, however near to a double it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          decimal,
          double.map(String),
          double.map((value) => value.toPrecision(17)),
        ),
        (source) => {
          const text = source.replace('+', '');
          expect(parse(`[${text}]`)).toEqual([expectNumber(text)]);
        },
      ),
      { numRuns: 20_000 },
    );
  });

  test('doubts almost no number that JavaScript has written', () => {
    let seed = 1;
    const numbers = Array.from({ length: 20_000 }, () => {
      seed = (seed * 48_271) % 2_147_483_647;
      return (seed / 2_147_483_647 - 0.5) * 10 ** ((seed % 40) - 30);
    });
    expect(findDoubtfulNumbers(Buffer.from(JSON.stringify(numbers))).length).toBeLessThan(20);
  });

  test('keeps odd numbers beside plain ones, in whatever holds them, and strings that look like marks', () => {
    const text =
      '{"~0~":"~0~1","a":[1,9007199254740993,[1e-400,{"é":"~1~0"}],2.5],"__proto__":{"n":123456789012345678901},"b":-0}';
    const parsed = parse(text) as Record<string, unknown>;
    expect(parsed['~0~']).toBe('~0~1');
    expect(parsed['a']).toEqual([1, 9007199254740993n, [rawJSON('1e-400'), { é: '~1~0' }], 2.5]);
    expect(Object.getOwnPropertyDescriptor(parsed, '__proto__')?.value).toEqual({ n: 123456789012345678901n });
    expect(Object.is(parsed['b'], -0)).toBe(true);
    expect(parse('{"n":12345678901234567,"s":"\\"12345678901234567\\\\"}')).toEqual({
      n: 12345678901234567n,
      s: '"12345678901234567\\',
    });
  });
});
