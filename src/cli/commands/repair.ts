import { randomUUID } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { RecoveryError } from '../../core/errors.ts';
import { systemClock } from '../../platform/clock.ts';
import { describeControlFile } from '../../present/control-words.ts';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';
import { openDirectory } from '../open-places.ts';
import { readPlacePolicies } from '../place-policies.ts';
import { readPolicy } from '../read-policy.ts';

/**
 * `salvor repair DIR`: sets the damaged control files of a Tau directory aside, once the job's name was typed; a script
 * says --yes and --reason.
 *
 * Errors: NOTHING_TO_RECOVER, CONFIRMATION_NEEDED, CONSENT_MISMATCH, READ_ONLY, and those of `repairTau`.
 * Source: contract, repair.
 */
export async function runRepair(context: CommandContext): Promise<number> {
  const { asked, config, output } = context;
  const { place, ref } = await openDirectory(config, asked.positionals[0] ?? '', asked.texts.source);
  const { findDamaged, repairTau } = await import('../../sources/tau/repair.ts');
  const { systemTauOperations } = await import('../../sources/tau/file-operations.ts');
  const damaged = await findDamaged(place.path, systemClock.nowMs());
  if (damaged.length === 0) {
    throw new RecoveryError('NOTHING_TO_RECOVER', `no control file in ${place.path} is damaged`);
  }
  if (config.readOnly) throw new RecoveryError('READ_ONLY', 'Salvor was started read-only');
  for (const { what, path, problem } of damaged) {
    output.note(`${describeControlFile(what)} ${safeText(path, 1_000)}: ${safeText(problem)}`);
  }
  const reason = await agree(context, ref.name);
  const policies = await readPlacePolicies(config, [place]);
  const aside = await repairTau(place.path, {
    principal: config.principal,
    policy: policies.get(place.path) ?? (await readPolicy(config.policyPath)),
    reason,
    atMs: systemClock.nowMs(),
    actionId: randomUUID(),
    operations: systemTauOperations,
  });
  const { id, name, kind, source } = ref;
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

/** The reason, once it is agreed. */
async function agree({ asked, output }: CommandContext, name: string): Promise<string> {
  const reason = asked.texts.reason?.trim() ?? '';
  if (asked.switches.has('yes')) {
    if (reason === '') throw new RecoveryError('USAGE_INVALID', 'salvor repair --yes needs --reason TEXT');
    return reason;
  }
  if (!process.stdin.isTTY || output.json) {
    throw new RecoveryError(
      'CONFIRMATION_NEEDED',
      'what is damaged would be set aside; a script says --yes --reason TEXT',
    );
  }
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question(`Type ${safeText(name, 200)} to set this aside: `);
    if (typed.trim() !== name && typed.trim() !== safeText(name, 200)) {
      throw new RecoveryError('CONSENT_MISMATCH', `'${typed.trim()}' is not the job's name '${name}'`);
    }
    return reason === '' ? 'the name was typed' : reason;
  } finally {
    lines.close();
  }
}
