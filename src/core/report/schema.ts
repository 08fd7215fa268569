/** `recovery-report.json`: what happened, to the letter of the contract. The file's own keys are snake_case. */
import * as z from 'zod/mini';
import { ACTING_CHOICES } from '../job/schema.ts';

const progress = z.object({
  done: z.number(),
  total: z.number(),
  unit: z.string(),
  failed: z.number(),
  in_doubt: z.number(),
  needs_review: z.number(),
});

/** Shape of the report file. Absent values are `null`. Source: contract, recovery-report.json. */
export const RecoveryReport = z.object({
  schema_version: z.literal(1),
  report_id: z.string(),
  correlation_id: z.string(),
  recovered_at: z.string(),
  recovered_at_unix_ms: z.number(),
  salvor_version: z.string(),
  host: z.string(),
  principal: z.string(),
  job: z.object({ id: z.string(), name: z.string(), kind: z.string(), source: z.string() }),
  /** Pause and rollback are told, and no report of them is written. */
  choice: z.enum(ACTING_CHOICES),
  strategy: z.nullable(z.string()),
  crash_detected: z.boolean(),
  crash_evidence: z.array(z.object({ fact: z.string(), value: z.string() })),
  prior_lifecycle_state: z.nullable(z.string()),
  prior_training_state: z.nullable(z.string()),
  replayed_audit_events: z.number(),
  replayed_actions: z.array(z.string()),
  checkpoint_source: z.nullable(z.enum(['primary', 'fallback'])),
  checkpoint_path: z.nullable(z.string()),
  checkpoint_run_id: z.nullable(z.string()),
  /** u64: a bigint where a number would not be exact. */
  checkpoint_global_step: z.nullable(z.union([z.number(), z.bigint()])),
  checkpoint_optimizer_step: z.nullable(z.union([z.number(), z.bigint()])),
  diagnostics: z.array(z.string()),
  plan: z.object({
    digest: z.string(),
    steps: z.array(z.object({ action: z.string(), detail: z.string() })),
    warnings: z.array(z.object({ code: z.string(), message: z.string() })),
  }),
  progress_before: progress,
  progress_after: progress,
  units: z.object({
    completed_before: z.number(),
    completed_now: z.number(),
    settled: z.number(),
    needs_review: z.number(),
    failed: z.number(),
    would_repeat: z.number(),
  }),
  objectives: z.nullable(
    z.object({
      tier: z.string(),
      rto_seconds: z.number(),
      rto_actual_seconds: z.number(),
      rto_met: z.boolean(),
      rpo_seconds: z.number(),
      rpo_exposure_seconds: z.number(),
      rpo_met: z.boolean(),
    }),
  ),
  outcome: z.object({
    status: z.enum(['recovered', 'failed', 'needs_review', 'stopped', 'cancelled', 'submitted', 'started']),
    exit_code: z.number(),
    duration_ms: z.number(),
    attempt: z.number(),
    engine_reference: z.nullable(z.string()),
    /** What became of a recovery whose last word is not written; never in the file itself. */
    fate: z.optional(z.enum(['broken_off', 'ended', 'unknown'])),
    /** How the trainer that was started ended; of other jobs it is not there. */
    trainer: z.optional(z.object({ exit_code: z.nullable(z.number()), signal: z.nullable(z.string()) })),
  }),
});
export type RecoveryReport = z.infer<typeof RecoveryReport>;
