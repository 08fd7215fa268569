import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { UnitEngine, UnitOutcome, UnitWork } from '../../../../src/core/execution/unit-engine.ts';
import type { LocalEngineOptions } from '../../../../src/runner/engines/local/local-engine-options.ts';
import { makeLocalEngine } from '../../../../src/runner/engines/local/make-local-engine.ts';
import type { BatchSpec } from '../../../../src/runner/kinds/batch/schema.ts';
import { makeBatchWork } from '../../../../src/runner/kinds/batch/work.ts';

/** The folder of the commands and workers that tests run. */
export const ORDERS = fileURLToPath(new URL('../../../../fixtures/batch/orders', import.meta.url));

/** A specification of the orders job with these changes. */
export function makeSpec(changes: Partial<BatchSpec>): BatchSpec {
  return {
    kind: 'batch',
    name: 'Orders',
    directory: ORDERS,
    rowsPath: `${ORDERS}/orders.csv`,
    rowsFormat: 'csv',
    columns: ['order_id', 'name', 'act'],
    receipt: { field: 'tracking_number', label: 'tracking' },
    onError: 'halt',
    concurrency: 1,
    retry: { attempts: 1, backoff: 'fixed', initialDelayMs: 0, maxDelayMs: 0, jitter: false },
    writeBack: [],
    // Workers are started by name: the tests' own Node.js comes first.
    env: { PATH: `${process.execPath.replace(/\/[^/]*$/, '')}:${process.env['PATH']}` },
    params: {},
    ...changes,
  };
}

/** One row with this `act`. */
export function makeWork(act: string, changes: Partial<UnitWork> = {}): UnitWork {
  const number = changes.number ?? 1;
  const rowJson = JSON.stringify({ order_id: `A${number}`, name: 'Ada "x"', act });
  return { number, key: `A${number}`, idempotencyKey: `job/${number}`, attempt: 1, rowJson, ...changes };
}

/** An engine that remembers what it told, and is ended with the scope (`await using`). */
export type TestEngine = UnitEngine &
  AsyncDisposable & {
    readonly lines: readonly string[];
    readonly receipts: readonly string[];
    readonly runToken: string;
    /** Performs a row; its receipts are remembered. */
    readonly run: (act: string, changes?: Partial<UnitWork>) => Promise<UnitOutcome>;
  };

/** What runs on this machine is known by nothing. */
export const noReference = () => Promise.reject(new Error('a reference was told'));

/** Makes a real engine on the orders job. */
export function makeTestEngine(changes: Partial<BatchSpec>, more: Partial<LocalEngineOptions> = {}): TestEngine {
  const markDirectory = mkdtempSync(join(tmpdir(), 'salvor-engine-'));
  const lines: string[] = [];
  const receipts: string[] = [];
  const runToken = crypto.randomUUID();
  const engine = makeLocalEngine({
    program: makeBatchWork(makeSpec(changes)).makeProgram(),
    jobId: 'b1',
    epoch: 3,
    runToken,
    markDirectory,
    ...more,
    onLine: (unit, stream, line) => lines.push(`${unit ?? '-'} ${stream}: ${line}`),
  });
  return {
    ...engine,
    lines,
    receipts,
    runToken,
    run: (act, work) =>
      engine.perform(makeWork(act, work), async (receipt) => void receipts.push(receipt), noReference),
    [Symbol.asyncDispose]: async () => {
      engine.kill();
      rmSync(markDirectory, { recursive: true });
    },
  };
}
