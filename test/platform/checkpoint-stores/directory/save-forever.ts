/** Saves checkpoint after checkpoint, each with the next step, and prints the step when it is saved. */
import { saveCheckpoint } from '../../../../src/checkpoint.ts';

const directory = process.argv[2] ?? '';
const policyState = { w: Array.from({ length: 20_000 }, (_item, index) => index / 3) };

for (let globalStep = Number(process.argv[3]); ; globalStep++) {
  await saveCheckpoint({ directory, runId: 'run', globalStep, optimizerStep: 0, policyState, optimizerState: {} });
  process.stdout.write(`${globalStep}\n`);
}
