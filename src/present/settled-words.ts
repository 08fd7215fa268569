/** What a settle came to, for the command and the console alike. */
import type { SettledUnit } from '../core/ports.ts';
import { safeText } from './safe-text.ts';

/** One settled unit: its number and key, what it is now and what it was. */
export function describeSettled({ number, key, was, now }: SettledUnit, unit: 'row' | 'step' = 'row'): string {
  const name = unit === 'row' ? 'Row' : 'Step';
  return `${name} ${number} (${safeText(key, 80)}) is ${now} now; it was ${was.replace('_', ' ')}.`;
}
