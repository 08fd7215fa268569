import { RecoveryError } from '../../core/errors.ts';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';
import { openSession, readActOptions } from '../compose.ts';
import { findJob, openPlaces } from '../open-places.ts';

/** `salvor settle`: a person's word about one unit, with a reason. Source: contract, commands. */
export async function runSettle({ asked, config, output, version }: CommandContext): Promise<number> {
  const [reference = '', unit = ''] = asked.positionals;
  const { as, reason, receipt } = asked.texts;
  if (as !== 'done' && as !== 'pending' && as !== 'skipped')
    throw new RecoveryError('USAGE_INVALID', 'say --as done, pending or skipped');
  if (reason === undefined || reason.trim() === '')
    throw new RecoveryError('USAGE_INVALID', 'say why with --reason TEXT; it is kept in the audit chain');
  if (receipt !== undefined && as !== 'done')
    throw new RecoveryError('USAGE_INVALID', '--receipt goes with --as done alone');
  const { ref, place } = await findJob(openPlaces(config, [], undefined), reference);
  const session = openSession(place, ref.id, {
    ...(await readActOptions(config, asked, version)),
    dryRun: false,
    onWarning: ({ code, message }) => output.note(`${code}: ${safeText(message, 600)}`),
  });
  session.send({ type: 'settle', unit, as, reason, ...(receipt !== undefined && { receipt }) });
  await session.idle();
  const state = session.snapshot();
  if (state.stage === 'refused') throw state.error;
  if (output.json) {
    const { id, name, kind, source } = ref;
    output.printJson({
      schema_version: 1,
      job: { id, name, kind, source },
      unit,
      as,
      receipt: receipt ?? null,
      reason,
    });
  } else output.print(`Row ${safeText(unit, 80)} of '${safeText(ref.name, 200)}' is settled as ${as}.`);
  return 0;
}
