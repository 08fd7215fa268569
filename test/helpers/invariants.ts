/** What must be true of a state directory at every moment, whatever died when. Source: design, rules 6, 7 and 9. */
import { expect } from 'vitest';
import { inspectAudit } from '../../src/store/audit-chain.ts';
import { readAudit } from '../../src/store/sqlite/audit.ts';
import { lookAtStore } from '../../src/store/sqlite/database.ts';
import { findRegression, readHighWater } from '../../src/store/sqlite/high-water.ts';
import { jobDirectory } from '../../src/store/state-directory.ts';
import { isStoreUrl } from '../../src/store/store-url.ts';
import { translateEntry } from '../../src/store/translate-rows.ts';
import { type Row, readTables, type Tables } from './state.ts';

/** What an event of the journal makes of a unit; written apart from the program's own table, which it checks. */
const STATUS_AFTER: Readonly<Record<string, string>> = {
  intent: 'in_doubt',
  receipt: 'in_doubt',
  done: 'done',
  failed: 'failed',
  retry: 'pending',
  unknown: 'needs_review',
  unanswered: 'in_doubt',
  not_done: 'pending',
  ask_again: 'in_doubt',
  doubted: 'in_doubt',
  taken_back: 'needs_review',
  retry_failed: 'pending',
  reset: 'pending',
};

/**
 * Checks a store: the units follow from the journal, no unit has two outcomes, receipts are kept, epochs rise one by
 * one, the audit chain is whole and names every holder.
 */
export function expectInvariants(stateDirectory: string): Tables {
  const tables = readTables(stateDirectory);
  const replayed = replay(tables.unit_events);
  for (const unit of tables.units) {
    const key = `${unit['job_seq']}:${unit['number']}`;
    const seen = replayed.get(key) ?? { status: 'pending', receipt: null, doneCount: 0 };
    expect({ key, status: unit['status'], receipt: unit['receipt'] }).toEqual({
      key,
      status: seen.status,
      receipt: seen.receipt,
    });
    expect(seen.doneCount, `outcomes of ${key}`).toBeLessThanOrEqual(1);
  }
  for (const leases of Map.groupBy(tables.leases, (lease) => lease['job_seq']).values()) {
    const epochs = leases.map((lease) => Number(lease['epoch'])).sort((a, b) => a - b);
    expect(epochs).toEqual(epochs.map((_epoch, index) => index + 1));
  }
  expectWholeAudit(stateDirectory, tables);
  return tables;
}

type Replayed = { status: string; receipt: unknown; doneCount: number };

function replay(events: readonly Row[]): ReadonlyMap<string, Replayed> {
  const units = new Map<string, Replayed>();
  for (const event of events) {
    const key = `${event['job_seq']}:${event['number']}`;
    const unit = units.get(key) ?? { status: 'pending', receipt: null, doneCount: 0 };
    units.set(key, unit);
    const type = String(event['event']);
    unit.status = type === 'settled' ? String(event['code']) : (STATUS_AFTER[type] ?? `made by ${type}`);
    if (type === 'intent' || type === 'reset') unit.receipt = null;
    if (type === 'receipt') unit.receipt = event['detail'];
    if (type === 'done') {
      unit.receipt = event['detail'] ?? unit.receipt;
      unit.doneCount += 1;
    }
    if (type === 'reset') unit.doneCount = 0;
  }
  return units;
}

function expectWholeAudit(stateDirectory: string, tables: Tables): void {
  const jobs = tables.jobs.filter((job) => job['status'] !== 'importing');
  const taken = tables.audit.filter((entry) => entry['outcome'] === 'done' && 'epoch' in parse(entry['details']));
  expect(taken.length).toBe(tables.leases.length);
  if (isStoreUrl(stateDirectory)) {
    const chains = Map.groupBy(tables.audit, (entry) => entry['job_seq']);
    for (const chain of chains.values()) expect(inspectAudit(chain.map(translateEntry)).broken).toBeUndefined();
    return;
  }
  const whole = lookAtStore(stateDirectory, (database) =>
    jobs.map((job) => {
      const mark = readHighWater(jobDirectory(stateDirectory, String(job['id'])));
      expect(
        findRegression(database, Number(job['seq']), mark),
        'the mark is never ahead of the store',
      ).toBeUndefined();
      return inspectAudit(readAudit(database, Number(job['seq'])));
    }),
  );
  for (const { broken } of whole ?? []) expect(broken).toBeUndefined();
}

function parse(details: unknown): object {
  return JSON.parse(String(details)) as object;
}

/** How many units of the only job are in each state. */
export function countStates(tables: Tables): Readonly<Record<string, number>> {
  return Object.fromEntries(
    [...Map.groupBy(tables.units, (unit) => String(unit['status']))].map(([status, units]) => [status, units.length]),
  );
}
