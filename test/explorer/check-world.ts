import { expect } from 'vitest';
import { expectInvariants } from '../helpers/invariants.ts';
import type { Row } from '../helpers/state.ts';
import type { World } from './world.ts';

/** What nobody may ever be told here: nothing is damaged, and no order of moves is a bug. */
const NEVER = ['INTERNAL', 'UNIT_CHANGED', 'AUDIT_BROKEN', 'STATE_CORRUPT', 'STATE_CONTRADICTION', 'STATE_UNREADABLE'];

/**
 * Checks what is true of a world, whoever moved when: counts are those of the journal, epochs rise, the audit chain is
 * whole, and what the store says of each row is what the ledger says.
 */
export function checkWorld(world: World): void {
  const { units, unit_events: events, jobs } = expectInvariants(world.path);
  expect(world.codes.filter((code) => NEVER.includes(code))).toEqual([]);
  const epochs = events.map(({ epoch }) => Number(epoch));
  expect(epochs, 'epochs of the journal').toEqual(epochs.toSorted((one, other) => one - other));
  // Persons and hooks tell the truth here, so that nothing is ever done twice.
  const effects = world.ledger.filter((key) => !world.late.has(key));
  expect(effects, 'effects').toEqual([...new Set(effects)]);
  const receipts = events.filter(({ event }) => event === 'receipt').map(({ number, detail }) => `${number} ${detail}`);
  for (const { number, receipt } of world.acknowledged) expect(receipts).toContain(`${number} ${receipt}`);
  for (const unit of units) checkUnit(world, unit, Number(jobs[0]?.['generation']));
}

function checkUnit({ jobId, ledger, late }: World, unit: Row, generation: number): void {
  const key = `${jobId}:${generation}:${unit['number']}`;
  if (unit['status'] === 'done') expect(ledger, `row ${unit['number']} is done`).toContain(key);
  if (unit['status'] === 'pending' && !late.has(key)) {
    expect(ledger, `row ${unit['number']} is pending`).not.toContain(key);
  }
}
