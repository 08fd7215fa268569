import type { Sight } from '../../../../src/core/checkpoint/format.ts';

/** Whether a file begins as one of this format does. */
export function detect({ kind, firstBytes }: Sight): boolean {
  return kind === 'file' && Buffer.from(firstBytes).toString('latin1').startsWith('TOY1 ');
}
