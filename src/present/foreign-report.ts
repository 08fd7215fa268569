import type { ForeignReport } from '../core/ports.ts';
import { formatTime } from './format.ts';
import { safeText } from './safe-text.ts';

/**
 * A report that another program wrote, line by line; every text in it is foreign and made safe.
 *
 * Source: formats/tau 2.5.
 */
export function formatForeignReport({ path, atMs, value }: ForeignReport): readonly string[] {
  const facts = Object.entries(value).filter(([key]) => key !== 'diagnostics' && key !== 'schema_version');
  const diagnostics = Array.isArray(value['diagnostics']) ? value['diagnostics'] : [];
  return [
    `The newest report is another program's, of ${formatTime(atMs)}: ${safeText(path, 1_000)}`,
    '',
    ...facts.map(([key, fact]) => `${safeText(key, 60).padEnd(28)}${safeText(describe(fact), 300)}`),
    ...diagnostics.map((line) => `  - ${safeText(describe(line), 300)}`),
  ];
}

function describe(fact: unknown): string {
  if (Array.isArray(fact)) return fact.map(describe).join(' ');
  if (typeof fact === 'object' && fact !== null) return 'rawJSON' in fact ? String(fact.rawJSON) : JSON.stringify(fact);
  return fact === null ? 'none' : String(fact);
}
