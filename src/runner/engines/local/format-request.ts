import type { UnitWork } from '../../../core/execution/unit-engine.ts';

/**
 * One row as a line of the worker protocol.
 *
 * The row's own text is kept, so that numbers keep every digit; characters that some line readers take for line ends
 * (CR between members, U+2028 and U+2029 inside strings) are written in another way that means the same.
 * Errors: none.
 * Source: contract, job files (worker protocol).
 */
export function formatRequest(id: number, work: UnitWork): string {
  const { key, idempotencyKey, rowJson } = work;
  const request = `{"id":${id},"key":${JSON.stringify(key)},"idempotency_key":${JSON.stringify(idempotencyKey)},"row":${rowJson}}`;
  return `${LINE_ENDS.test(request) ? escapeLineEnds(request) : request}\n`;
}

const LINE_ENDS = /[\n\r\u2028\u2029]/;

function escapeLineEnds(request: string): string {
  return request
    .replace(/[\n\r]/g, ' ')
    .replaceAll('\u2028', '\\u2028')
    .replaceAll('\u2029', '\\u2029');
}
