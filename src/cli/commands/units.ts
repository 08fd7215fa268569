import { isatty } from 'node:tty';
import { RecoveryError } from '../../core/errors.ts';
import { UNIT_STATUSES, type UnitStatus } from '../../core/job/schema.ts';
import type { CommandContext } from '../command-context.ts';
import { holdsUnits } from '../holds-units.ts';
import { type FoundJob, findJob, openPlaces } from '../open-places.ts';
import type { Output } from '../output.ts';
import { makeCsvForm, makeJsonForm, makeTextForm, type UnitsForm } from '../units-form.ts';

/** How many units are read and written at a time: a million rows take no more memory than these. */
const PAGE_UNITS = 1000;

/** `salvor units`: the rows or steps of a job with everything that is recorded of them. Source: contract, commands. */
export async function runUnits({ asked, config, output }: CommandContext): Promise<number> {
  const [reference = '', ...targets] = asked.positionals;
  const csv = asked.switches.has('csv');
  if (csv && output.json) throw new RecoveryError('USAGE_INVALID', '--csv and --json do not go together');
  const job = await findJob(openPlaces(config, targets, asked.texts.source), reference);
  const statuses = UNIT_STATUSES.filter((status) => asked.lists.status?.includes(status));
  const form = output.json
    ? makeJsonForm(job.ref)
    : csv
      ? makeCsvForm(isatty(1))
      : makeTextForm(job.ref, await holdsUnits(job));
  await writeUnits(job, statuses, { form, output });
  return 0;
}

type Told = { readonly form: UnitsForm; readonly output: Output };

async function writeUnits(
  { ref, place }: FoundJob,
  statuses: readonly UnitStatus[],
  { form, output }: Told,
): Promise<void> {
  const read = place.jobs.unitRecords;
  if (!read) {
    const details = { job: ref.id, kind: ref.kind, source: place.source };
    throw new RecoveryError('UNITS_MISSING', `job '${ref.name}' is a ${ref.kind} and has no rows or steps`, {
      details,
    });
  }
  let count = 0;
  let afterNumber = 0;
  for (let isLast = false; !isLast; ) {
    const page = await read(ref.id, { statuses, afterNumber, limit: PAGE_UNITS });
    const last = page.at(-1);
    isLast = last === undefined || page.length < PAGE_UNITS;
    const before = count === 0 ? form.before : page.length > 0 ? form.between : '';
    count += page.length;
    const text = before + page.map(form.formatUnit).join(form.between) + (isLast ? form.after(count) : '');
    // Whoever reads may have had enough, or nothing more can be written.
    if (!output.write(text)) return;
    afterNumber = last?.number ?? afterNumber;
  }
}
