/** What Salvor and a process of its own say to each other. */

import * as z from 'zod/mini';
import type { Evidence } from '../../core/evidence/schema.ts';
import type { ExecutionEvent, StepResult } from '../../core/execution/schema.ts';
import { STOP_SIGNALS } from '../../core/execution/stop-signals.ts';
import { ACTING_CHOICES } from '../../core/job/schema.ts';
import { RecoveryReport } from '../../core/report/schema.ts';
import type { SharedRowsJob } from '../../runner/find-shared-rows.ts';

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;

const Consent = z.object({
  planDigest: z.string(),
  principal: z.string(),
  atMs: z.number(),
  form: z.enum(['flag', 'key', 'typed']),
  typedName: z.exactOptional(z.string()),
  reason: z.exactOptional(z.string()),
});

const Settings = {
  stateDirectory: z.string(),
  principal: z.string(),
  policyPath: z.exactOptional(z.string()),
};

/** What the process is asked to do: recover a job by a plan that was agreed to, or run a job file. */
export const RunnerRequest = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('recover'),
    ...Settings,
    stopGraceMs: z.number(),
    jobId: z.string(),
    choice: z.enum(ACTING_CHOICES),
    answers: z.record(z.string(), z.string()),
    consent: Consent,
    /** What was seen when the plan was agreed to: what changed since is told by it. */
    seen: z.custom<Evidence>(isObject),
  }),
  z.object({
    type: z.literal('run'),
    ...Settings,
    file: z.string(),
    name: z.exactOptional(z.string()),
    params: z.record(z.string(), z.string()),
    again: z.exactOptional(z.boolean()),
  }),
  z.object({ type: z.literal('stop'), signal: z.exactOptional(z.enum(STOP_SIGNALS)) }),
]);
export type RunnerRequest = z.infer<typeof RunnerRequest>;

/** What the process says. Events and results are of this very version of Salvor, so only their presence is checked. */
export const RunnerNews = z.discriminatedUnion('type', [
  z.object({ type: z.literal('recovery_started'), report: RecoveryReport, reportPath: z.string() }),
  z.object({
    type: z.literal('run_started'),
    jobId: z.string(),
    name: z.string(),
    kind: z.string(),
    directory: z.optional(z.string()),
    repeated: z.exactOptional(z.object({ id: z.string(), name: z.string(), status: z.string() })),
    sharing: z.array(z.custom<SharedRowsJob>(isObject)),
  }),
  z.object({ type: z.literal('event'), event: z.custom<ExecutionEvent>(isObject) }),
  z.object({
    type: z.literal('recovered'),
    steps: z.array(z.custom<StepResult>(isObject)),
    report: RecoveryReport,
    reportPath: z.union([z.string(), z.undefined()]),
    /** Why it ended short, when it did. */
    error: z.exactOptional(z.object({ code: z.string(), message: z.string() })),
  }),
  z.object({
    type: z.literal('refused'),
    code: z.string(),
    message: z.string(),
    details: z.record(z.string(), z.unknown()),
  }),
]);
export type RunnerNews = z.infer<typeof RunnerNews>;
