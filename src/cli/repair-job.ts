import { checkAuthority } from '../core/plan/check-authority.ts';
import { describeRegression } from '../core/plan/describe-regression.ts';
import { systemClock } from '../platform/clock.ts';
import { safeText } from '../present/safe-text.ts';
import { type RepairOrder, repairJob } from '../sources/native/repair.ts';
import type { JobStore } from '../store/contract.ts';
import { openJobStore } from '../store/open-store.ts';
import { type Accepted, describeWhole, formatReached, type Regressed } from '../store/regressions.ts';
import { agreeToRepair } from './agree-to-repair.ts';
import { checkTrust } from './check-trust.ts';
import type { CommandContext } from './command-context.ts';
import type { FoundJob } from './open-places.ts';
import { readPlacePolicies } from './place-policies.ts';
import { readPolicy } from './read-policy.ts';

/**
 * Accepts the store of a job that went back in time, and says how many rows are in doubt by it.
 *
 * Errors: NOTHING_TO_RECOVER, ACCESS_DENIED, POLICY_INVALID, READ_ONLY, STATE_UNTRUSTED, and those of `agreeToRepair` and
 *         `repairJob`.
 */
export async function repairRegressed(context: CommandContext, { ref, place }: FoundJob): Promise<number> {
  const { config, output } = context;
  const store = openJobStore(place.path, systemClock);
  const seen = await store.regressions?.inspect(ref.id);
  if (!seen) throw describeWhole(ref.name, place.path);
  const { principal, readOnly } = config;
  const policy = (await readPlacePolicies(config, [place])).get(place.path) ?? (await readPolicy(config.policyPath));
  checkAuthority({ principal, policy, readOnly, canAct: true }, 'recover:repair');
  if (place.isDefault) checkTrust(place.path);
  output.note(safeText(describeRegression(seen.regression), 600));
  output.note(describeConsequence(seen));
  const what = 'the store would be taken for the truth from now on';
  const reason = await agreeToRepair(context, { name: ref.name, what, deed: 'accept the store as it is' });
  const { epoch, doubted } = await accept(store, { job: ref, principal, reason, atMs: systemClock.nowMs(), seen });
  const { id, name, kind, source } = ref;
  if (output.json) {
    const { regression, mark, found } = seen;
    output.printJson({
      schema_version: 1,
      job: { id, name, kind, source },
      principal,
      reason,
      what: regression.what,
      mark: mark ? formatReached(mark) : null,
      store: formatReached(found),
      epoch,
      units_in_doubt: doubted,
    });
  } else {
    const rows = `${doubted} ${doubted === 1 ? 'row is' : 'rows are'} in doubt by it`;
    output.print(`The store of job '${safeText(name, 200)}' is accepted as it is; ${rows}.`);
  }
  return 0;
}

async function accept(store: JobStore, order: RepairOrder): Promise<Accepted> {
  try {
    return await repairJob(store, order);
  } finally {
    await store.close();
  }
}

function describeConsequence({ mayHaveRun }: Regressed): string {
  return mayHaveRun
    ? 'Every row that is to run in this store may be done: each will be in doubt, for the verify hook or a person to settle.'
    : 'Only entries of the audit chain are lost: no row was run since.';
}
