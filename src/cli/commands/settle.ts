import { RecoveryError } from '../../core/errors.ts';
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { SettledAs } from '../../core/ports.ts';
import { safeText } from '../../present/safe-text.ts';
import { describeSettled } from '../../present/settled-words.ts';
import type { CommandContext } from '../command-context.ts';
import { openSession, readActOptions } from '../compose.ts';
import { findJob, openPlaces } from '../open-places.ts';
import { tellError } from '../output.ts';
import type { Asked } from '../parse-args.ts';
import { pickUnits } from '../pick-units.ts';

/** How many units are named in a message. */
const NAMED = 10;

/**
 * `salvor settle`: a person's word about units, with a reason; all of them are settled, or none.
 *
 * Source: contract, settle; decisions/0017.
 */
export async function runSettle({ asked, config, output, version }: CommandContext): Promise<number> {
  const word = parseWord(asked);
  const [reference = '', ...words] = asked.positionals;
  const job = await findJob(openPlaces(config, [], undefined), reference);
  const session = openSession(job.place, job.ref.id, {
    ...(await readActOptions(config, asked, version)),
    dryRun: false,
    onWarning: ({ code, message }) => output.note(`${code}: ${safeText(message, 600)}`),
  });
  // The job is looked at before its units: whoever takes it in between is found by the epoch.
  session.send({ type: 'inspect' });
  await session.idle();
  const before = session.snapshot();
  if (before.stage === 'refused') throw before.error;
  const { units, isBulk } = await pickUnits(job, words, asked);
  if (word.receipt !== undefined && units.length > 1)
    throw new RecoveryError('USAGE_INVALID', `--receipt proves one row; ${units.length} are named`);
  if (isBulk && !asked.switches.has('yes')) throw describeConfirmation(units, word.as);
  const seen = units.map(({ number, eventSequence }) => ({ number, eventSequence }));
  session.send({ type: 'settle', units: seen, ...word });
  await session.idle();
  const after = session.snapshot();
  const settled = 'settled' in after ? after.settled : undefined;
  if (!settled) throw after.stage === 'refused' ? after.error : new RecoveryError('INTERNAL', 'nothing was settled');
  if (output.json) {
    const { id, name, kind, source } = job.ref;
    const { as, reason, receipt = null } = word;
    output.printJson({ schema_version: 1, job: { id, name, kind, source }, units: settled, as, receipt, reason });
  } else for (const unit of settled) output.print(describeSettled(unit));
  // What was settled stays settled when the look after it fails; that is told beside it.
  if (after.stage === 'refused') tellError({ ...output, json: false }, after.error);
  return 0;
}

type Word = { readonly as: SettledAs; readonly reason: string; readonly receipt?: string };

/** Errors: USAGE_INVALID. */
function parseWord({ texts: { as, reason, receipt } }: Asked): Word {
  if (as !== 'done' && as !== 'pending' && as !== 'skipped')
    throw new RecoveryError('USAGE_INVALID', 'say --as done, pending or skipped');
  if (reason === undefined || reason.trim() === '')
    throw new RecoveryError('USAGE_INVALID', 'say why with --reason TEXT; it is kept in the audit chain');
  if (receipt !== undefined && as !== 'done')
    throw new RecoveryError('USAGE_INVALID', '--receipt goes with --as done alone');
  return { as, reason, ...(receipt !== undefined && { receipt }) };
}

function describeConfirmation(units: readonly UnitFacts[], as: SettledAs): RecoveryError {
  const named = units.slice(0, NAMED).map((unit) => describeUnit(unit));
  const more = units.length > NAMED ? ` and ${units.length - NAMED} more` : '';
  const count = units.length === 1 ? '1 row' : `${units.length} rows`;
  const message = `this would settle ${count} as ${as}: ${named.join(', ')}${more}; nothing was changed`;
  return new RecoveryError('CONFIRMATION_NEEDED', message, {
    details: { as, count: units.length, units: units.map(({ number, key, status }) => ({ number, key, status })) },
  });
}

function describeUnit({ number, key }: Pick<UnitFacts, 'number' | 'key'>): string {
  return `${number} (${safeText(key, 80)})`;
}
