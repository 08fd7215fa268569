import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { JobPlace } from '../../core/ports.ts';
import type { Moment } from './schema.ts';

/** Whether the moment to kill a runner has come, by what its job recorded and what its commands wrote. */
export async function hasCome(
  moment: Moment,
  { place, jobName, folder }: { readonly place: JobPlace; readonly jobName: string; readonly folder: string },
): Promise<boolean> {
  const [ref] = await place.find(jobName, 1);
  if (!ref) return false;
  for (const [number, wanted] of Object.entries(moment.rows)) {
    const { units } = await place.units(ref.id, { statuses: [], offset: Number(number) - 1, limit: 1 });
    if (!isAs(units[0], wanted)) return false;
  }
  return Object.entries(moment.files).every(([file, text]) => readText(join(folder, file)).includes(text));
}

function isAs(unit: UnitFacts | undefined, wanted: Moment['rows'][string]): boolean {
  if (unit?.status !== wanted.status) return false;
  if (wanted.error !== undefined && unit.error?.code !== wanted.error) return false;
  return wanted.receipt === undefined || (unit.receipt ?? null) === wanted.receipt;
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    // Not written yet.
    return '';
  }
}
