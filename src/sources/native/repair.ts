import { judgeLiveness } from '../../core/diagnosis/judge-liveness.ts';
import { RecoveryError } from '../../core/errors.ts';
import { describeHolder, pickHolder } from '../../core/plan/describe-holder.ts';
import { describeRegression } from '../../core/plan/describe-regression.ts';
import { findProcessesByEnvironment } from '../../platform/process-probe.ts';
import type { JobState, JobStore } from '../../store/contract.ts';
import type { JobRecord } from '../../store/records.ts';
import {
  type Accepted,
  type AcceptWord,
  describeWhole,
  formatReached,
  type Regressed,
} from '../../store/regressions.ts';
import type { Repair } from '../source.ts';

/**
 * Says how far the store of a job went back in time, and how it is accepted for the truth.
 *
 * Errors: NOTHING_TO_RECOVER when it did not.
 */
export async function planRepair(openStore: () => JobStore, job: Pick<JobRecord, 'id' | 'name'>): Promise<Repair> {
  const store = openStore();
  const seen = await store.regressions?.inspect(job.id);
  if (!seen) throw describeWhole(job.name, store.place);
  return {
    problems: [{ message: describeRegression(seen.regression) }, { message: describeConsequence(seen) }],
    consequence: 'the store would be taken for the truth from now on',
    deed: 'accept the store as it is',
    async carryOut({ principal, reason, atMs }) {
      const { epoch, doubted } = await repairJob(store, { job, principal, reason, atMs, seen }).finally(store.close);
      const { regression, mark, found } = seen;
      const rows = `${doubted} ${doubted === 1 ? 'row is' : 'rows are'} in doubt by it`;
      return {
        answer: {
          what: regression.what,
          mark: mark ? formatReached(mark) : null,
          store: formatReached(found),
          epoch,
          units_in_doubt: doubted,
        },
        lines: [`The store of job '${job.name}' is accepted as it is; ${rows}.`],
      };
    },
  };
}

function describeConsequence({ mayHaveRun }: Regressed): string {
  return mayHaveRun
    ? 'Every row that is to run in this store may be done: each will be in doubt, for the verify hook or a person to settle.'
    : 'Only entries of the audit chain are lost: no row was run since.';
}

/** Who repairs a job, why, and what was shown. */
export type RepairOrder = AcceptWord & { readonly job: Pick<JobRecord, 'id' | 'name'>; readonly seen: Regressed };

/**
 * Accepts the store of a job as it is: audited, with every unit in doubt that may have been run since, in one
 * transaction. Whoever ran the job in what the store has lost is fenced; one that lives still, or a command that it left,
 * would act on, so nothing is accepted while there is one.
 *
 * Errors: JOB_UNKNOWN, NOTHING_TO_RECOVER, EVIDENCE_STALE, LEASE_HELD, RUNNER_ALIVE, LIVENESS_UNKNOWN, ORPHAN_NOT_ENDED,
 *         AUDIT_BROKEN, LOCK_DAMAGED, and those of changes; nothing is changed then.
 * Source: contract, repair; decisions/0016; design, rules 6, 7, 8 and 9.
 */
export async function repairJob(store: JobStore, { job, seen, ...word }: RepairOrder): Promise<Accepted> {
  if (!store.regressions) throw describeWhole(job.name, store.place);
  return store.regressions.accept(job.id, word, (state, regressed) => {
    checkSeen(state.job, seen, regressed);
    checkNobodyActs(state);
  });
}

/** What was agreed to is what is there. */
function checkSeen(job: JobRecord, seen: Regressed, found: Regressed): void {
  if (JSON.stringify(seen) === JSON.stringify(found)) return;
  const message = `how far job '${job.name}' is, or once was, changed since it was looked at`;
  throw new RecoveryError('EVIDENCE_STALE', message, { details: { job: job.id } });
}

function checkNobodyActs({ job, runner: holder, liveness }: JobState): void {
  if (holder && liveness && !holder.fenced) {
    const judgement = judgeLiveness(holder, liveness);
    const details = { job: job.id, holder: pickHolder(holder) };
    if (judgement.type === 'alive') {
      throw new RecoveryError('RUNNER_ALIVE', `${describeHolder(holder)} holds the job`, { details });
    }
    if (judgement.type === 'unknown') {
      const message = `Salvor cannot tell whether the job still runs: ${judgement.reason}`;
      throw new RecoveryError('LIVENESS_UNKNOWN', message, { details });
    }
  }
  // Run tokens went with the leases that were lost; whose command it is says its job's id as well.
  const [left] = findProcessesByEnvironment(new Set([`SALVOR_JOB_ID=${job.id}`]));
  if (!left) return;
  const message = `process ${left.pid} (${left.command}) of a run of job '${job.name}' still works`;
  throw new RecoveryError('ORPHAN_NOT_ENDED', message, { details: { job: job.id, pid: left.pid } });
}
