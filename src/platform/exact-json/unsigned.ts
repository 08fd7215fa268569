/** Whole numbers from 0 as JSON spells them. */
import type { FieldFacts } from './schema.ts';

/** The largest number of 64 bits. */
export const U64_MAX = 2n ** 64n - 1n;

/** Whether a field is digits alone: to readers with whole numbers `1.0`, `1e3` and `-0` are none. */
export function isUnsignedInteger(field: FieldFacts): boolean {
  return field.type === 'number' && /^[0-9]{1,40}$/.test(field.text ?? '');
}
