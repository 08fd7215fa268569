import { randomUUID } from 'node:crypto';
import { RecoveryError } from '../core/errors.ts';
import { systemClock } from '../platform/clock.ts';
import { describeFile } from '../present/families/registry.ts';
import { safeText } from '../present/safe-text.ts';
import { systemTauOperations } from '../sources/tau/file-operations.ts';
import { findDamaged, repairTau } from '../sources/tau/repair.ts';
import { agreeToRepair } from './agree-to-repair.ts';
import type { CommandContext } from './command-context.ts';
import type { FoundJob } from './open-places.ts';
import { readPlacePolicies } from './place-policies.ts';
import { readPolicy } from './read-policy.ts';

/**
 * Sets the damaged control files of a Tau directory aside.
 *
 * Errors: NOTHING_TO_RECOVER, READ_ONLY, and those of `agreeToRepair` and `repairTau`.
 */
export async function repairDirectory(context: CommandContext, { ref, place }: FoundJob): Promise<number> {
  const { config, output } = context;
  const damaged = await findDamaged(place.path, systemClock.nowMs());
  if (damaged.length === 0) {
    throw new RecoveryError('NOTHING_TO_RECOVER', `no control file in ${place.path} is damaged`);
  }
  if (config.readOnly) throw new RecoveryError('READ_ONLY', 'Salvor was started read-only');
  for (const { what, path, problem } of damaged) {
    output.note(`${describeFile(ref, what)} ${safeText(path, 1_000)}: ${safeText(problem)}`);
  }
  const { id, name, kind, source } = ref;
  const what = 'what is damaged would be set aside';
  const reason = await agreeToRepair(context, { name, what, deed: 'set this aside' });
  const policies = await readPlacePolicies(config, [place]);
  const aside = await repairTau(place.path, {
    principal: config.principal,
    policy: policies.get(place.path) ?? (await readPolicy(config.policyPath)),
    reason,
    atMs: systemClock.nowMs(),
    actionId: randomUUID(),
    operations: systemTauOperations,
  });
  if (output.json) {
    const setAside = aside.map(({ what, path, problem, keptAs }) => ({ what, path, problem, kept_as: keptAs }));
    output.printJson({
      schema_version: 1,
      job: { id, name, kind, source },
      principal: config.principal,
      reason,
      set_aside: setAside,
    });
  } else
    for (const { path, keptAs } of aside)
      output.print(`${safeText(path, 1_000)} is kept as ${safeText(keptAs, 1_000)}`);
  return 0;
}
