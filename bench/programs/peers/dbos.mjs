// Rows as workflows of one step each in DBOS Transact, so many at once. Usage: dbos.mjs PACKAGES URL ROWS AT_ONCE
// Prints rows per second. The step does nothing: what is left is what the library does to make it durable.
import { createRequire } from 'node:module';
import path from 'node:path';

const [packages = '', url, rows, atOnce] = process.argv.slice(2);
const { DBOS } = createRequire(path.join(packages, 'package.json'))('@dbos-inc/dbos-sdk');
const pool = Math.min(32, Number(atOnce) + 2);
DBOS.setConfig({ name: 'bench', systemDatabaseUrl: url, systemDatabasePoolSize: pool, logLevel: 'error' });
const ship = DBOS.registerWorkflow(
  (number) => DBOS.runStep(async () => ({ receipt: `R${number}` }), { name: 'ship' }),
  { name: 'row' },
);
await DBOS.launch();
const runId = `${process.pid}-${Date.now()}`;
let next = 0;
async function work() {
  while (next < Number(rows)) {
    const number = ++next;
    const handle = await DBOS.startWorkflow(ship, { workflowID: `${runId}-${number}` })(number);
    const { receipt } = await handle.getResult();
    if (receipt !== `R${number}`) throw new Error(`row ${number}: ${receipt}`);
  }
}
const startedMs = performance.now();
await Promise.all(Array.from({ length: Number(atOnce) }, work));
console.log((Number(rows) / (performance.now() - startedMs)) * 1000);
await DBOS.shutdown();
