/** What may be done to the jobs of a shelf. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, renameSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { RecoveryError } from '../../../src/core/errors.ts';
import { type ExecutionResult, startResults } from '../../../src/core/execution/schema.ts';
import { buildReport } from '../../../src/core/families/build-report.ts';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { assembleProgress } from '../../../src/core/job/schema.ts';
import { checkBasis } from '../../../src/core/plan/plan-basis.ts';
import type { ApprovedPlan } from '../../../src/core/plan/schema.ts';
import type { Actuator, Execution } from '../../../src/core/ports.ts';
import { tryLock } from '../../../src/platform/lock-file.ts';
import type { Acting } from '../../../src/sources/source.ts';
import { logPath, openShelf, readJobs } from './read.ts';
import type { JobFile } from './schema.ts';
import { countItems, type ShelfJob } from './translate.ts';

/** Carries plans out on a shelf. */
export function makeShelfActuator(path: string, acting: Acting): Actuator {
  const unsupported = async (): Promise<never> => {
    throw new RecoveryError('CHOICE_UNSUPPORTED', 'items of a shelf are not settled by hand');
  };
  return {
    start: (approved) => ({ done: carryOut(path, acting, approved), stop: () => {}, detach: () => {} }),
    settle: unsupported,
    // The log of a shelf knows no refusals.
    recordRefusal: async () => {},
  };
}

async function carryOut(path: string, acting: Acting, approved: ApprovedPlan): ReturnType<() => Execution['done']> {
  const { plan, evidence, consent } = approved;
  const lock = tryLock(join(path, '.lock'));
  if (!lock) throw new RecoveryError('LEASE_HELD', `another process acts on ${path}`);
  try {
    const now = await openShelf(evidence.job.source, path, acting.clock).collect(plan.jobId);
    checkBasis(plan, { seen: evidence, now });
    const [job] = readJobs(path).filter(({ id }) => id === plan.jobId);
    if (!job) throw new RecoveryError('JOB_UNKNOWN', `there is no job ${plan.jobId}`);
    const ended = plan.choice === 'cancel' ? write(job, { status: 'cancelled' }) : runItems(job);
    const line = { job: job.id, at_ms: consent.atMs, principal: consent.principal, action: plan.choice };
    appendFileSync(logPath(path), `${JSON.stringify(line)}\n`, { flush: true });
    const result: ExecutionResult = {
      steps: startResults(plan).map((step) => ({ ...step, state: 'done' })),
      end: plan.choice === 'cancel' ? 'cancelled' : 'completed',
      settled: 0,
      progressAfter: assembleProgress(countItems(ended), 'step'),
      durationMs: acting.clock.nowMs() - consent.atMs,
      attempt: ended.file.runs,
    };
    const ids = { reportId: acting.makeId(), correlationId: acting.makeId(), host: hostname() };
    const report = buildReport({ ...acting, ...ids, approved, diagnosis: diagnose(evidence), result });
    writeFileSync(job.reportPath, JSON.stringify(report));
    return { steps: result.steps, report, reportPath: job.reportPath };
  } finally {
    lock.release();
  }
}

/** What is about to be done is written before, and that it is done after: a death between leaves it in doubt. */
function runItems(begun: ShelfJob): ShelfJob {
  let job = write(begun, { status: 'running', runs: begun.file.runs + 1 });
  for (const [item, status] of Object.entries(job.file.items)) {
    if (status !== 'pending') continue;
    job = write(job, { items: { ...job.file.items, [item]: 'in_doubt' } });
    execFileSync('/bin/sh', ['-c', job.file.command], { env: { ...process.env, SHELF_ITEM: item } });
    job = write(job, { items: { ...job.file.items, [item]: 'done' } });
  }
  return write(job, { status: 'completed' });
}

function write(job: ShelfJob, change: Partial<JobFile>): ShelfJob {
  const file = { ...job.file, ...change, revision: job.file.revision + 1 };
  writeFileSync(`${job.path}.next`, JSON.stringify(file), { flush: true });
  renameSync(`${job.path}.next`, job.path);
  return { ...job, file };
}
