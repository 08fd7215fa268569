/** Kills a batch again and again until it is through, and looks after each death. */
import { expect } from 'vitest';
import { countStates, expectInvariants } from './invariants.ts';
import type { Act, LedgerJob } from './ledger-job.ts';
import { type Ended, parseAnswer, pick, type RunningSalvor } from './salvor.ts';
import type { Tables } from './state.ts';
import { waitFor } from './wait-for.ts';

/** Where a death comes: by a command itself (before, torn), seen in the journal (hold), or seen in the ledger (ledger). */
const MOMENTS = ['before', 'torn', 'hold', 'ledger'] as const;
type Moment = (typeof MOMENTS)[number];

const RESUME = ['--choice', 'resume', '--yes', '--json'];

/** What a batch came to that was killed this often. */
export type Survived = { readonly last: Ended; readonly deaths: number; readonly tables: Tables };

/**
 * Runs the job and kills its process group `killCount` times, spread evenly over its rows and over the moments of a
 * row, resuming in between; then lets it come to its end. When every row left waits for a person, the ledger is asked.
 */
export async function killUntilDone(job: LedgerJob, killCount: number): Promise<Survived> {
  let args: readonly string[] = ['run', 'job.yaml', '--json'];
  let tables: Tables | undefined;
  for (let death = 0; death < killCount; death += 1) {
    const moment = MOMENTS[death % MOMENTS.length] ?? 'ledger';
    const row = pickRow(job, tables, ((death + 1) * job.rowCount) / (killCount + 1));
    await using running = job.start(args);
    await Promise.race([die(job, running, { moment, row }), running.ended]);
    const { signal, stdout, stderr } = await running.ended;
    expect(signal, `death ${death + 1} (${moment} at row ${row}): ${stdout}${stderr}`).toBe('SIGKILL');
    tables = expectInvariants(job.state);
    if (!tables.units.some((unit) => unit['status'] === 'pending')) tables = await settleOpen(job);
    args = RESUME;
  }
  const last = await job.salvor(args);
  return { last, deaths: killCount, tables: expectInvariants(job.state) };
}

/** The first row at this place or after it that is still to be run. */
function pickRow(job: LedgerJob, tables: Tables | undefined, place: number): number {
  const wanted = Math.min(job.rowCount, Math.max(1, Math.round(place)));
  if (!tables) return wanted;
  const pending = tables.units.filter((unit) => unit['status'] === 'pending').map((unit) => Number(unit['number']));
  return pending.find((number) => number >= wanted) ?? pending.at(-1) ?? wanted;
}

async function die(
  job: LedgerJob,
  running: RunningSalvor,
  { moment, row }: { readonly moment: Moment; readonly row: number },
): Promise<void> {
  if (moment === 'ledger') {
    const lineCount = job.ledger().length;
    // The run cannot get past this row, however fast the others are.
    job.act({ [`k${row}`]: 'pause' });
    await waitFor('the ledger grows', () => job.ledger().length > lineCount || !job.willAct(`k${row}`));
    running.signalGroup('SIGKILL');
    job.forgetActs();
    return;
  }
  const act: Act = moment;
  job.act({ [`k${row}`]: act });
  if (moment !== 'hold') return;
  await waitFor(`row ${row} has a receipt and no outcome`, () => job.events('receipt').includes(row));
  running.signalGroup('SIGKILL');
}

/** Every row is in the ledger once, and all counters say so. */
export function expectAllOnce(job: LedgerJob, { last, tables }: Survived): void {
  expect(job.ledger().toSorted()).toEqual(listExpected(tables));
  expect(countStates(tables)).toEqual({ done: job.rowCount });
  expect(last.code).toBe(0);
  expect(pick(parseAnswer(last), 'progress_after')).toMatchObject({ done: job.rowCount, total: job.rowCount });
}

/**
 * Without a verify hook: no row is in the ledger twice, what is missing there waits for a person, and everything that
 * waits had been in doubt.
 */
export function expectNoneTwice(job: LedgerJob, { last, tables }: Survived): void {
  const ledger = job.ledger();
  expect(new Set(ledger).size).toBe(ledger.length);
  const open = tables.units.filter((unit) => unit['status'] === 'needs_review').map((unit) => String(unit['key']));
  const shipped = new Set(ledger.map((line) => line.split(' ')[0] ?? ''));
  const missing = tables.units.map((unit) => String(unit['key'])).filter((key) => !shipped.has(key));
  expect(open).toEqual(expect.arrayContaining(missing));
  const { done = 0, needs_review: review = 0, ...others } = countStates(tables);
  expect(others).toEqual({});
  expect(done + review).toBe(job.rowCount);
  // A row may be in the ledger and still wait: its receipt was lost with its runner.
  expect(ledger.length).toBe(done + open.filter((key) => shipped.has(key)).length);
  expect(last.code).toBe(review === 0 ? 0 : 8);
  expect(pick(parseAnswer(last), 'progress_after')).toMatchObject({ done, needs_review: review, in_doubt: 0 });
}

/** Settles what waits by what the ledger says, and resumes: then every row is there once. */
export async function settleAndFinish(job: LedgerJob): Promise<void> {
  const settled = await settleOpen(job);
  const isLeft = settled.units.some((unit) => unit['status'] === 'pending');
  if (isLeft) expect((await job.salvor(RESUME)).code).toBe(0);
  const after = expectInvariants(job.state);
  expect(job.ledger().toSorted()).toEqual(listExpected(after));
  expect(countStates(after)).toEqual({ done: job.rowCount });
}

/** A person's word on every row that is open, by what the ledger says. */
async function settleOpen(job: LedgerJob): Promise<Tables> {
  const shipped = new Set(job.ledger().map((line) => line.split(' ')[0]));
  const tables = expectInvariants(job.state);
  const open = tables.units.filter((unit) => unit['status'] === 'needs_review' || unit['status'] === 'in_doubt');
  const isShipped = (key: string) => shipped.has(key);
  const keys = open.map((unit) => String(unit['key']));
  for (const [as, named] of [
    ['done', keys.filter(isShipped)],
    ['pending', keys.filter((key) => !isShipped(key))],
  ] as const) {
    if (named.length === 0) continue;
    const { code, stderr } = await job.salvor(['settle', job.jobId(), ...named, '--as', as, '--reason', 'seen']);
    expect(code, stderr).toBe(0);
  }
  return expectInvariants(job.state);
}

function listExpected(tables: Tables): readonly string[] {
  const [{ id, generation } = {}] = tables.jobs;
  return tables.units.map((unit) => `${unit['key']} ${id}:${generation}:${unit['number']}`).toSorted();
}
