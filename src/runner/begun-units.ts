import type { BegunWork } from '../core/execution/unit-engine.ts';
import type { HeldJob } from '../store/contract.ts';

const PAGE_UNITS = 500;

/**
 * Hands out units that an earlier runner began and whose work goes on by itself, in order of their number, each once.
 *
 * Errors: those of reading units.
 */
export async function* makeBegunUnits(held: Pick<HeldJob, 'inDoubt' | 'unitData'>): AsyncGenerator<BegunWork> {
  for (let number = 0; ; ) {
    const page = await held.inDoubt({ number, limit: PAGE_UNITS });
    for (const { reference, receipt, ...unit } of page) {
      const { key, idempotencyKey, attempts: attempt } = unit;
      number = unit.number;
      if (reference === undefined || receipt !== undefined) continue;
      yield { number, key, idempotencyKey, attempt, reference, rowJson: await held.unitData(number) };
    }
    if (page.length === 0) return;
  }
}
