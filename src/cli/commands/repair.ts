import { RecoveryError } from '../../core/errors.ts';
import type { CommandContext } from '../command-context.ts';
import { findShown } from '../open-places.ts';

/**
 * `salvor repair`: a named, audited way out of what nothing else may touch, once the job's name was typed; a script says
 * --yes and --reason. Of a Tau directory the damaged control files are set aside; of a job whose store went back in time
 * the store is accepted, with every row in doubt that may have been done since.
 *
 * Errors: NOTHING_TO_RECOVER, CONFIRMATION_NEEDED, CONSENT_MISMATCH, READ_ONLY, ACCESS_DENIED, and those of `repairTau`
 *         and `repairJob`.
 * Source: contract, repair.
 */
export async function runRepair(context: CommandContext): Promise<number> {
  const { asked, config } = context;
  const found = await findShown(config, asked.positionals, asked.texts.source);
  if (found.place.source === 'tau') return (await import('../repair-tau.ts')).repairDirectory(context, found);
  if (found.place.source === 'native') return (await import('../repair-job.ts')).repairRegressed(context, found);
  const message = `${asked.positionals[0]} of source ${found.place.source} has nothing that can be repaired`;
  throw new RecoveryError('CHOICE_UNSUPPORTED', message, { details: { state: config.stateDirectory } });
}
