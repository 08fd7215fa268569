/** Fingerprints: the same facts give the same digest on any machine, at any time. */
import { hash } from 'node:crypto';

/**
 * Writes a value as JSON with sorted keys, absent fields left out.
 *
 * Shapes: plain data only (objects, arrays, strings, finite numbers, booleans, null).
 * Errors: none.
 * Source: design, rule 3 (replay is deterministic).
 */
export function formatCanonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => formatCanonical(item ?? null)).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value)
      .filter(([, field]) => field !== undefined)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, field]) => `${JSON.stringify(key)}:${formatCanonical(field)}`);
    return `{${fields.join(',')}}`;
  }
  return JSON.stringify(value) ?? 'null';
}

/** SHA-256 of a text, in lower-case hex. */
export function digestText(text: string): string {
  return hash('sha256', text);
}

/** SHA-256 over the canonical JSON of a value, in lower-case hex. */
export function digestValue(value: unknown): string {
  return digestText(formatCanonical(value));
}
