import type { Sight } from '../../../core/checkpoint/format.ts';

/** Space, then the first key of an object, or its end. */
const OBJECT = /^[ \t\r\n]*\{[ \t\r\n]*(?:["}]|$)/;

/**
 * Whether a file is a JSON object, or is called one: which of its keys come first is the writer's choice, so that more
 * cannot be asked of its beginning.
 */
export function detect({ kind, path, firstBytes }: Sight): boolean {
  if (kind !== 'file') return false;
  return path.endsWith('.json') || OBJECT.test(Buffer.from(firstBytes).toString('latin1'));
}
