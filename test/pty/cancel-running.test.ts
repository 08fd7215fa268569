// A job that goes on while it is being cancelled: whoever agreed, agreed to whom it is taken from, not to a count.
import { expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-folder.ts';
import { openRealConsole } from '../helpers/real-console.ts';
import { parseAnswer, pick, type RunningSalvor, runSalvor, startSalvor } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A worker that takes 20 ms for a row. */
const WORKER = `
import { createInterface } from 'node:readline';
for await (const line of createInterface({ input: process.stdin })) {
  const { id } = JSON.parse(line);
  await new Promise((resolve) => setTimeout(resolve, 20));
  console.log(JSON.stringify({ id, receipt: 'r' + id }));
  console.log(JSON.stringify({ id, ok: true }));
}
`;
const ROWS = 5_000;

/** A running job that does up to 50 rows a second. */
async function startFastJob() {
  const folder = await makeFolder({
    'worker.mjs': WORKER,
    'job.yaml':
      'kind: batch\nname: Fast\nrows: rows.csv\nkey: id\nworker: node worker.mjs\nreceipt: {field: receipt}\n',
    'rows.csv': `id\n${Array.from({ length: ROWS }, (_, at) => `${ROWS - at}\n`).join('')}`,
  });
  const state = folder.at('state');
  const running: RunningSalvor = startSalvor(['run', 'job.yaml', '--state', state], { cwd: folder.path });
  const count = (status: string) =>
    Number(queryStore(state, 'SELECT count(*) AS n FROM units WHERE status = ?', status)[0]?.['n']);
  await waitFor('rows are being done', () => {
    try {
      return count('done') > 3;
    } catch {
      return false;
    }
  });
  return {
    state,
    count,
    running,
    readStatus: () => queryStore(state, 'SELECT status FROM jobs')[0]?.['status'],
    [Symbol.asyncDispose]: async () => {
      await running[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}

const TIMES = Array.from({ length: 5 }, (_, at) => at + 1);

test.each(TIMES)('console: a job that does 50 rows a second is cancelled, time %i of 5', async () => {
  await using job = await startFastJob();
  using screen = openRealConsole(job.state);
  await screen.ready('~ running');
  await screen.press('X', 'At most', 'will not be done', 'y agrees to the plan');
  const before = job.count('done');
  await waitFor('rows went on since the plan was made', () => job.count('done') > before + 2);
  await screen.agree();
  await screen.ready("Job 'Fast': cancelled.");
  expect(job.readStatus()).toBe('cancelled');
  expect(job.count('in_doubt')).toBe(0);
  expect((await job.running.ended).code).toBe(143);
});

test.each(TIMES)('script: a job that does 50 rows a second is cancelled, time %i of 5', async (time) => {
  await using job = await startFastJob();
  // In this process and in one of its own.
  const where = time % 2 === 0 ? ['--detach'] : [];
  const ended = await runSalvor(['--choice', 'cancel', '--job', 'Fast', '--json', '--state', job.state, ...where]);
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  if (time % 2 === 1) expect(pick(parseAnswer(ended), 'outcome.status')).toBe('cancelled');
  await waitFor('the job is cancelled', () => job.readStatus() === 'cancelled');
  expect(job.count('in_doubt')).toBe(0);
  expect((await job.running.ended).code).toBe(143);
});
