import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ForeignReport } from '../../core/ports.ts';
import { RecoveryReport } from '../../core/report/schema.ts';
import { readInteger } from '../../platform/exact-json/exact-json.ts';
import type { TauLayout } from './layout.ts';
import { readJsonFile } from './read-json-file.ts';
import { RECOVERY_REPORT } from './schema.ts';
import { pickValue, readTime } from './translate.ts';

/** More earlier reports than this are not looked at for the newest. */
const EARLIER = 1_000;

/** The newest report of Salvor's, and the newest of all when another program wrote that one. */
export type NewestReports = { readonly own?: RecoveryReport; readonly foreign?: ForeignReport };

/**
 * Reads the reports of a directory: the newest, and the earlier ones that are kept.
 *
 * Shapes: `foreign` is there only when it is newer than every report of Salvor's.
 * Errors: none; a report that cannot be read counts as none.
 */
export async function readReports(layout: TauLayout): Promise<NewestReports> {
  const read: (ForeignReport & { readonly own?: RecoveryReport })[] = [];
  for (const path of [layout.report, ...listEarlier(layout.reports)]) {
    const value = pickValue(await readJsonFile(path, RECOVERY_REPORT));
    if (!value) continue;
    const own = parseReport(value);
    read.push({ path, atMs: readTime(value['recovered_at_unix_ms']) ?? 0, value, ...(own && { own }) });
  }
  const [newest] = read.sort((a, b) => b.atMs - a.atMs);
  const own = read.find((one) => one.own)?.own;
  const isForeign = newest && !newest.own;
  return { ...(own && { own }), ...(isForeign && { foreign: newest }) };
}

function listEarlier(directory: string): readonly string[] {
  try {
    if (!lstatSync(directory).isDirectory()) return [];
    const names = readdirSync(directory).filter((name) => name.endsWith('.json'));
    return names.slice(0, EARLIER).map((name) => join(directory, name));
  } catch {
    return [];
  }
}

/** A report of Salvor's; its keys of the format's own object stay. Numbers are exact. */
function parseReport(value: Readonly<Record<string, unknown>>): RecoveryReport | undefined {
  const exact = (name: string): unknown => readInteger(value[name]) ?? value[name];
  const parsed = RecoveryReport.safeParse({
    ...value,
    checkpoint_global_step: exact('checkpoint_global_step'),
    checkpoint_optimizer_step: exact('checkpoint_optimizer_step'),
  });
  return parsed.success ? { ...value, ...parsed.data } : undefined;
}
