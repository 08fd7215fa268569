import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { expectInvariants } from '../helpers/invariants.ts';
import type { Row, Tables } from '../helpers/state.ts';
import type { LedgerEntry } from './thread-words.ts';
import type { World } from './world.ts';

/** What somebody may be told or end with here: others were faster, or still at it. Everything else is a fault. */
const ALLOWED: ReadonlySet<string> = new Set([
  'EVIDENCE_STALE',
  'LEASE_HELD',
  'LEASE_FENCED',
  'RUNNER_ALIVE',
  'LIVENESS_UNKNOWN',
  'RUN_INTERRUPTED',
  'JOB_FINISHED',
  'JOB_CANCELLED',
  'REVIEW_NEEDED',
  'UNIT_NOT_OPEN',
]);

type Effect = Extract<LedgerEntry, { type: 'effect' }>;

/** Checks what is true of a world at any time, whoever moved when. */
export function checkWorld(world: World): Tables {
  expect(world.codes.filter((code) => !ALLOWED.has(code))).toEqual([]);
  const tables = expectInvariants(world.path);
  const epochs = tables.unit_events.map(({ epoch }) => Number(epoch));
  expect(epochs, 'epochs of the journal').toEqual(epochs.toSorted((one, other) => one - other));
  const ledger = world.ledger();
  checkEffects(ledger);
  checkTold(ledger, tables);
  checkAgreed(ledger, tables);
  checkWords(ledger, tables);
  const [job] = tables.jobs;
  const effects = listEffects(ledger);
  for (const unit of tables.units) {
    const key = `${world.jobId}:${job?.['generation']}:${unit['number']}`;
    if (unit['status'] === 'done') expect(effects, `row ${unit['number']} is done`).toContain(key);
    if (unit['status'] === 'pending') expect(effects, `row ${unit['number']} is pending`).not.toContain(key);
  }
  return tables;
}

/** Persons and hooks tell the truth here, and whoever was taken over begins nothing more: nothing is ever done twice. */
function checkEffects(ledger: readonly LedgerEntry[]): void {
  const keys = listEffects(ledger);
  expect(keys, 'effects').toEqual([...new Set(keys)]);
  const all = ledger.filter((entry): entry is Effect => entry.type === 'effect');
  for (const { key, epoch, current } of all) expect(current, `holder at the effect of ${key}`).toBe(epoch);
  // What was in hand is finished; nothing else is begun.
  const afterStop = Map.groupBy(
    all.filter(({ stopped }) => stopped),
    ({ by }) => by,
  );
  for (const [by, after] of afterStop) expect(after.length, `effects of ${by} after its stop`).toBeLessThanOrEqual(1);
}

function listEffects(ledger: readonly LedgerEntry[]): readonly string[] {
  return ledger.flatMap((entry) => (entry.type === 'effect' ? [entry.key] : []));
}

/** A runner that was told that a receipt is on disk may die at once. */
function checkTold(ledger: readonly LedgerEntry[], { unit_events: events }: Tables): void {
  const receipts = events.filter(({ event }) => event === 'receipt').map(({ number, detail }) => `${number} ${detail}`);
  for (const entry of ledger) {
    if (entry.type === 'told') expect(receipts, 'receipts').toContain(`${entry.number} ${entry.receipt}`);
  }
}

/** Whoever took the job took it as it was when he agreed. */
function checkAgreed(ledger: readonly LedgerEntry[], { leases, unit_events: events }: Tables): void {
  for (const { principal, epoch, purpose } of leases) {
    const agreed = ledger.findLast((entry) => entry.type === 'agreed' && entry.by === principal);
    if (purpose === 'settle' || agreed?.type !== 'agreed') continue;
    expect(epoch, `epoch that ${principal} agreed to take`).toBe(agreed.epoch + 1);
    if (purpose === 'cancel') continue;
    const before = events.filter((event) => Number(event['epoch']) < Number(epoch));
    expect(before.length, `events that ${principal} saw`).toBe(agreed.journalSequence);
  }
}

/** A word that was taken was about the row as it was seen, and nobody had taken the job since. */
function checkWords(ledger: readonly LedgerEntry[], { leases, unit_events: events }: Tables): void {
  for (const word of ledger) {
    if (word.type !== 'word') continue;
    for (const { number, eventSequence } of word.units) {
      const next = events.find((event) => event['number'] === number && Number(event['sequence']) > eventSequence);
      expect(next?.['event'], `what came of row ${number} after it was seen`).toBe('settled');
      const fence = leases.find(({ epoch, purpose }) => epoch === next?.['epoch'] && purpose === 'settle');
      expect(next?.['epoch'], 'the epoch of a word').toBe(fence ? word.epoch + 1 : word.epoch);
    }
  }
}

/** Checks how the job was left by those who ended by themselves. */
export function checkEnd(world: World, tables: Tables, hasFile: boolean): void {
  const { jobs, units, leases, audit } = tables;
  const status = jobs[0]?.['status'];
  const left = countOf(units, ['pending', 'failed', 'in_doubt']);
  if (status === 'completed') expect(left, 'rows left of a completed job').toBe(0);
  const holder = leases.findLast(({ purpose }) => purpose === 'run');
  const isDead = [...world.outcomes.values()].some(({ state }) => state === 'dead');
  if (holder && !isDead && holder['epoch'] === leases.length) {
    expect(holder['released_at_ms'], 'the last runner let go').not.toBeNull();
    expect(status, 'nobody runs it').not.toBe('running');
  }
  for (const [name, { end }] of world.outcomes) {
    if (end === 'stopped' && holder?.['epoch'] === leases.length && holder['principal'] === name) {
      expect(status, 'a job that was stopped').toBe('stopped');
    }
  }
  const isCancelled = audit.some(({ action, outcome }) => action === 'cancel' && outcome === 'done');
  if (isCancelled) expect(status, 'a job that was cancelled').toBe('cancelled');
  // Whoever changes rows writes them back, or leaves it to a runner.
  if (hasFile && !isDead && status !== 'running') checkRowsFile(world, tables);
}

/** Checks that the rows file says what is true of every row. */
function checkRowsFile({ rowsPath }: World, { units }: Tables): void {
  const [, ...rows] = readFileSync(rowsPath, 'utf8').trimEnd().split('\n');
  const written = rows.map((row) => row.split(',')[1]);
  expect(written, 'the rows file').toEqual(units.map(({ status }) => status));
}

function countOf(units: readonly Row[], statuses: readonly string[]): number {
  return units.filter(({ status }) => statuses.includes(String(status))).length;
}

/**
 * Brings the job to its end as an operator would, whatever became of it: a person settles what is in doubt, a resume
 * runs the rest. Checks that every row was done once then.
 */
export async function finishWorld(world: World, hasFile: boolean): Promise<void> {
  for (let tries = 1; tries <= 4; tries += 1) {
    const { jobs, units } = checkWorld(world);
    const [job] = jobs;
    const isCancelled = job?.['status'] === 'cancelled';
    if (isCancelled || units.every(({ status }) => status === 'done')) break;
    const isOpen = countOf(units, ['in_doubt', 'needs_review']) > 0;
    if (isOpen) await world.playAlone({ type: 'settle', rounds: 1 });
    await world.playAlone({ type: 'choose', choice: 'resume' });
  }
  if (hasFile) await world.playAlone({ type: 'write_back' });
  const tables = checkWorld(world);
  const isCancelled = tables.jobs[0]?.['status'] === 'cancelled';
  if (!isCancelled) expect(tables.units.map(({ status }) => status)).toEqual(tables.units.map(() => 'done'));
  if (hasFile) checkRowsFile(world, tables);
}
