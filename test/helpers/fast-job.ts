/** A job that goes on fast while something is done to it. */
import { makeFolder } from './make-folder.ts';
import { type RunningSalvor, startSalvor } from './salvor.ts';
import { queryStore } from './state.ts';
import { waitFor } from './wait-for.ts';

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

const readHolders = (state: string) => {
  try {
    return queryStore(state, "SELECT pid FROM leases WHERE purpose = 'run' AND released_at_ms IS NULL");
  } catch {
    return [];
  }
};

/** What was detached outlives the test that failed. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

/** A running job that does up to 50 rows a second, by `salvor run` or, with `--detach`, by a process of its own. */
export async function startFastJob(flags: readonly string[] = []) {
  const folder = await makeFolder({
    'worker.mjs': WORKER,
    'job.yaml':
      'kind: batch\nname: Fast\nrows: rows.csv\nkey: id\nworker: node worker.mjs\nreceipt: {field: receipt}\n',
    'rows.csv': `id\n${Array.from({ length: ROWS }, (_, at) => `${ROWS - at}\n`).join('')}`,
  });
  const state = folder.at('state');
  const running: RunningSalvor = startSalvor(['run', 'job.yaml', '--state', state, ...flags], { cwd: folder.path });
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
      for (const row of readHolders(state)) kill(Number(row['pid']));
      await running[Symbol.asyncDispose]();
      await folder[Symbol.asyncDispose]();
    },
  };
}
