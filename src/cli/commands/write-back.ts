import { RecoveryError, toRecoveryError } from '../../core/errors.ts';
import { checkAuthority } from '../../core/plan/check-authority.ts';
import type { WrittenRows } from '../../core/ports.ts';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';
import { openActuator, readActOptions } from '../compose.ts';
import { type FoundJob, findJob, openPlaces } from '../open-places.ts';
import { readPlacePolicies } from '../place-policies.ts';

/** `salvor write-back`: writes what is true now into a job's rows file. Source: contract, commands. */
export async function runWriteBack(context: CommandContext): Promise<number> {
  const { asked, config, output } = context;
  const job = await findJob(openPlaces(config, [], asked.texts.source), asked.positionals[0] ?? '');
  const { path, sha256, changed } = await writeBack(context, job);
  const { id, name, kind, source } = job.ref;
  if (output.json) {
    output.printJson({ schema_version: 1, job: { id, name, kind, source }, path, sha256, changed });
  } else {
    const what = changed ? 'says what is true now' : 'said what is true already';
    output.print(`${safeText(path, 300)} ${what} of job '${safeText(name, 200)}'.`);
  }
  return 0;
}

/** A refusal is recorded as those of every other action are. */
async function writeBack({ asked, config, version }: CommandContext, { ref, place }: FoundJob): Promise<WrittenRows> {
  const placePolicies = await readPlacePolicies(config, [place]);
  const options = { ...(await readActOptions(config, asked, version)), placePolicies, dryRun: false };
  const { authority, actuator } = openActuator(place, options);
  try {
    checkAuthority(authority, 'recover:write_back');
    if (!actuator?.writeBack) {
      const details = { job: ref.id, source: place.source };
      throw new RecoveryError('CHOICE_UNSUPPORTED', `a job of source ${place.source} has no rows file`, { details });
    }
    return await actuator.writeBack(ref.id);
  } catch (thrown) {
    const { code, message } = toRecoveryError(thrown);
    // It is told whether or not it can be recorded.
    await actuator?.recordRefusal({ jobId: ref.id, action: 'write_back', code, message }).catch(() => {});
    throw thrown;
  }
}
