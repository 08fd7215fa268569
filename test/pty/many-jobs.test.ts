// A store with very many jobs: the first frame and every key cost what they cost with few.
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { DOWN, ENTER, killAt, openRealConsole } from '../helpers/real-console.ts';

/** Copies the killed job of a store so often that there are `count` more, each with its first unit. */
function multiply(job: LedgerJob, count: number): void {
  const database = new DatabaseSync(`${job.state}/salvor.db`, { timeout: 20_000 });
  try {
    const columns = database
      .prepare("SELECT name FROM pragma_table_info('jobs')")
      .all()
      .map((row) => String(row['name']));
    const kept = columns.filter((name) => !['seq', 'id', 'name', 'status', 'active_at_ms'].includes(name)).join(', ');
    const counted = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)';
    database.exec('BEGIN');
    database
      .prepare(
        `${counted} INSERT INTO jobs (seq, id, name, status, active_at_ms, ${kept}) SELECT seq + i, 'copy' || i, 'Copy ' || i, 'failed', active_at_ms - i * 1000, ${kept} FROM jobs, n WHERE seq = 1`,
      )
      .run(count);
    database
      .prepare(`${counted} INSERT INTO units (job_seq, number, key, status) SELECT 1 + i, 1, 'k1', 'failed' FROM n`)
      .run(count);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

type Measured = { readonly firstFrameMs: number; readonly keyMs: number };

/** Opens the console on `count` jobs more, goes to the end, back, down a hundred rows, and opens one. */
async function measure(count: number): Promise<Measured> {
  await using job = await makeLedgerJob({ rowCount: 2 });
  await killAt(job, 'k2', 'pause');
  multiply(job, count);
  const startedMs = performance.now();
  using screen = openRealConsole(job.state);
  await screen.ready(`${count + 1} jobs need attention`, '> Shipping');
  const firstFrameMs = performance.now() - startedMs;
  await screen.press('G', `> Copy ${count}`);
  await screen.press('g', '> Shipping');
  const keysMs: number[] = [];
  for (let at = 1; at <= 30; at += 1) {
    const pressedMs = performance.now();
    screen.type(DOWN);
    await screen.waitFor(`> Copy ${at} `);
    keysMs.push(performance.now() - pressedMs);
  }
  await screen.press(`${DOWN.repeat(70)}${ENTER}`, "Job 'Copy 100' failed");
  screen.type('qq');
  expect((await screen.exited()).code).toBe(0);
  const keyMs = keysMs.toSorted((a, b) => a - b)[Math.floor(keysMs.length / 2)] ?? 0;
  return { firstFrameMs, keyMs };
}

test('console: with 100,000 jobs the first frame and a key take about as long as with 1,000', async ({ annotate }) => {
  const few = await measure(1_000);
  const many = await measure(100_000);
  const say = ({ firstFrameMs, keyMs }: Measured) =>
    `first frame ${Math.round(firstFrameMs)} ms, key ${keyMs.toFixed(1)} ms`;
  await annotate(`1,000 jobs: ${say(few)}; 100,000 jobs: ${say(many)}`);
  // Other work on the machine makes single times worthless; what must not happen is growth with the number of jobs.
  expect(many.firstFrameMs).toBeLessThan(few.firstFrameMs * 4 + 500);
  expect(many.keyMs).toBeLessThan(few.keyMs * 5 + 100);
});

test.each([
  [120, 40],
  [200, 60],
])('console: at %i x %i the list says how many receipts a job has', async (columns, rows) => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await killAt(job, 'k3', 'pause');
  using screen = openRealConsole(job.state, { columns, rows });
  await screen.ready('PROOF', '2 receipts');
});
