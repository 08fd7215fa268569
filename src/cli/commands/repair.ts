import { randomUUID } from 'node:crypto';
import { RecoveryError } from '../../core/errors.ts';
import { familyOf } from '../../core/families/registry.ts';
import { checkAuthority } from '../../core/plan/check-authority.ts';
import { systemClock } from '../../platform/clock.ts';
import { describeFile } from '../../present/families/registry.ts';
import { safeText } from '../../present/safe-text.ts';
import { sourceOf } from '../../sources/registry.ts';
import { agreeToRepair } from '../agree-to-repair.ts';
import { checkTrust } from '../check-trust.ts';
import type { CommandContext } from '../command-context.ts';
import { findShown } from '../open-places.ts';
import { readPlacePolicies } from '../place-policies.ts';
import { readPolicy } from '../read-policy.ts';

/**
 * `salvor repair`: a named, audited way out of what nothing else may touch, once the job's name was typed; a script says
 * --yes and --reason. What is damaged, and the way out of it, says the source.
 *
 * Errors: NOTHING_TO_RECOVER, CHOICE_UNSUPPORTED, CONFIRMATION_NEEDED, CONSENT_MISMATCH, READ_ONLY, ACCESS_DENIED,
 *         POLICY_INVALID, STATE_UNTRUSTED, and those of the source.
 * Source: contract, repair.
 */
export async function runRepair(context: CommandContext): Promise<number> {
  const { asked, config, output } = context;
  const { ref, place } = await findShown(config, asked.positionals, asked.texts.source);
  const plan = sourceOf(place)?.repair;
  if (!plan) {
    const message = `${asked.positionals[0]} of source ${place.source} has nothing that can be repaired`;
    throw new RecoveryError('CHOICE_UNSUPPORTED', message, { details: { state: config.stateDirectory } });
  }
  const { problems, consequence, deed, carryOut } = await plan(ref, place.path, systemClock);
  const { principal, readOnly } = config;
  const policy = (await readPlacePolicies(config, [place])).get(place.path) ?? (await readPolicy(config.policyPath));
  checkAuthority({ principal, policy, readOnly, canAct: true }, familyOf(ref).formatAction('repair'));
  if (place.isDefault) checkTrust(place.path);
  for (const { message, file } of problems) {
    const where = file ? `${describeFile(ref, file.what)} ${safeText(file.path, 1_000)}: ` : '';
    output.note(`${where}${safeText(message, 600)}`);
  }
  const { id, name, kind, source } = ref;
  const reason = await agreeToRepair(context, { name, what: consequence, deed });
  const repaired = await carryOut({ principal, reason, atMs: systemClock.nowMs(), actionId: randomUUID() });
  const job = { id, name, kind, source };
  if (output.json) output.printJson({ schema_version: 1, job, principal, reason, ...repaired.answer });
  else for (const line of repaired.lines) output.print(safeText(line, 2_000));
  return 0;
}
