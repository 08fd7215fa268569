import { RecoveryError } from '../../core/errors.ts';
import { countActions } from '../../core/evidence/count-actions.ts';
import { describeAuditOutcome } from '../../present/audit-words.ts';
import { formatTime } from '../../present/format.ts';
import { formatReplay } from '../../present/replay-text.ts';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';
import { EXIT_CODES } from '../exit-codes.ts';
import { findShown } from '../open-places.ts';
import { tellError } from '../output.ts';

/** `salvor audit`: verifies a job's audit chain and prints it; a broken one is exit 3. Source: contract, commands. */
export async function runAudit({ asked, config, output }: CommandContext): Promise<number> {
  const { ref, place } = await findShown(config, asked.positionals, asked.texts.source);
  const entries = await place.jobs.audit(ref.id);
  const evidence = await place.jobs.collect(ref.id);
  const { broken } = evidence.audit;
  const { id, name, kind, source } = ref;
  if (output.json) {
    output.printJson({
      schema_version: 1,
      job: { id, name, kind, source },
      valid: broken === undefined,
      broken: broken ?? null,
      replay: countActions(evidence.audit.actions),
      entries: entries.map((entry) => ({
        sequence: entry.sequence,
        at: new Date(entry.atMs).toISOString(),
        principal: entry.principal,
        action: entry.action,
        outcome: entry.outcome,
        code: entry.code ?? null,
        plan_digest: entry.planDigest ?? null,
        details: entry.details,
        hash: entry.hash,
      })),
    });
    return broken ? EXIT_CODES.AUDIT_BROKEN : 0;
  }
  for (const entry of entries) {
    const what = `${safeText(entry.action, 20).padEnd(8)} ${safeText(evidence.audit.form === 'log' ? entry.outcome : describeAuditOutcome(entry), 20).padEnd(8)} ${safeText(entry.code ?? '', 40)}`;
    output.print(
      `${String(entry.sequence).padStart(4)}  ${formatTime(entry.atMs)}  ${safeText(entry.principal, 60)}  ${what}  ${entry.hash.slice(0, 12)}`,
    );
  }
  if (!broken) {
    output.print(
      evidence.audit.form === 'log'
        ? `${formatReplay(evidence)} The log has no chain.`
        : `The chain of ${entries.length} entries is whole.`,
    );
    return 0;
  }
  const message = `the chain is broken at entry ${broken.sequence}: expected ${broken.expected}, found ${broken.found}`;
  return tellError(output, new RecoveryError('AUDIT_BROKEN', message, { details: broken }));
}
