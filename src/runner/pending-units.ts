import type { UnitWork } from '../core/execution/unit-engine.ts';
import type { HeldJob } from '../store/contract.ts';
import type { PendingUnit } from '../store/records.ts';

/** How many pending units are read from the store at a time. */
const PAGE_UNITS = 500;

/**
 * Hands out pending units one by one in order of their number, reading a page at a time for all who ask; each unit once.
 *
 * Errors: those of `pending`: STATE_CORRUPT when the input of a unit is gone.
 */
export function makePendingUnits(held: Pick<HeldJob, 'pending'>): () => Promise<UnitWork | undefined> {
  let page: readonly PendingUnit[] = [];
  let at = 0;
  let lastNumber = 0;
  let reading: Promise<void> | undefined;
  const readOn = async () => {
    page = await held.pending({ number: lastNumber, limit: PAGE_UNITS });
    // Kept when there is no more: a row that comes back in this run is for the next one.
    lastNumber = page.at(-1)?.number ?? lastNumber;
    at = 0;
    reading = undefined;
  };
  return async () => {
    while (at >= page.length) {
      reading ??= readOn();
      await reading;
      if (page.length === 0) return undefined;
    }
    const unit = page[at];
    at += 1;
    if (!unit) return undefined;
    const { number, key, dataJson: rowJson, attempts, idempotencyKey } = unit;
    return { number, key, rowJson, attempt: attempts + 1, idempotencyKey };
  };
}
