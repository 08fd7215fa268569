/** Crosses named points of a run with kinds of jobs: dies there, recovers, and looks whether anything is lost or twice. */
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { countStates, expectInvariants } from './invariants.ts';
import { type LedgerJob, type LedgerOptions, makeLedgerJob } from './ledger-job.ts';
import { runSalvor } from './salvor.ts';
import { readTables } from './state.ts';

const FAULTY = fileURLToPath(new URL('faulty-salvor.ts', import.meta.url));

/** Points every run passes, in the order it does. Those of the write-back need a job that writes back. */
export const POINTS = [
  'after-import',
  'after-lease',
  'before-spawn',
  'after-spawn',
  'after-intent',
  'before-receipt',
  'after-receipt',
  'after-effect',
  'before-rename',
  'after-rename',
  'before-last-word',
  'after-last-word',
] as const;

export type Death = {
  readonly point: string;
  /** The how manieth time the point is reached. */
  readonly nth?: number;
  readonly whom?: 'group' | 'alone';
};

export const WRITE_BACK = 'write_back: {tracking: receipt, state: status}';

/** Runs or resumes a job until it dies at the point; a point that is not reached is an error. */
export async function dieAt(job: LedgerJob, { point, nth = 1, whom = 'group' }: Death, what: string): Promise<void> {
  const args = [job.state, point, String(nth), whom, what];
  const ended = await runSalvor(args, { program: FAULTY, cwd: job.folder.path });
  expect(ended.signal, `${point}: ${ended.stdout}${ended.stderr}`).toBe('SIGKILL');
  expectInvariants(job.state);
}

/**
 * Recovers by the real command until the job is through, and checks that nothing was lost: every row is in the ledger
 * exactly once, the rows file has every receipt, and another recovery does nothing.
 */
export async function expectRecovered(job: LedgerJob, { verify = true }: LedgerOptions = {}): Promise<void> {
  const acked = readTables(job.state).unit_events.filter((event) => event['event'] === 'done');
  const ended = await job.salvor(['--choice', 'resume', '--yes', '--json', '--orphans', 'wait']);
  // A job that said its last word before it died needs no recovery.
  expect([0, 4, 8], ended.stdout).toContain(ended.code);
  const tables = expectInvariants(job.state);
  for (const event of acked) {
    const unit = tables.units.find((one) => one['number'] === event['number']);
    expect(unit).toMatchObject({ status: 'done' });
  }
  const ledger = job.ledger();
  expect(new Set(ledger).size, ledger.join(', ')).toBe(ledger.length);
  const { done = 0, needs_review: review = 0 } = countStates(tables);
  expect(done + review).toBe(job.rowCount);
  if (verify) expect({ done, ledger: ledger.length }).toEqual({ done: job.rowCount, ledger: job.rowCount });
  else expect(ledger.length).toBeGreaterThanOrEqual(done);
  await expectNothingLeft(job);
}

/** A second recovery of a recovered job does nothing. */
async function expectNothingLeft(job: LedgerJob): Promise<void> {
  const before = { ...readTables(job.state), audit: [], audit_heads: [] };
  const ended = await job.salvor(['--choice', 'resume', '--yes', '--job', job.jobId()]);
  expect([4, 8], ended.stderr).toContain(ended.code);
  expect({ ...readTables(job.state), audit: [], audit_heads: [] }).toEqual(before);
}

/** Makes the job, lets it die once, and recovers it. */
export async function crossPoint(options: LedgerOptions, death: Death): Promise<void> {
  await using job = await makeLedgerJob({ rowCount: 4, more: WRITE_BACK, ...options });
  await dieAt(job, death, 'job.yaml');
  await expectRecovered(job, options);
}
