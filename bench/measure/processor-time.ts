import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect: unknown = runInNewContext('gc');

/**
 * Does something and answers the processor time that it took, user and system, of all threads: a busy machine changes
 * that less than the clock. Returns milliseconds.
 *
 * What was left in memory by whatever ran before is collected first: it would be counted here.
 */
export async function timeProcessor(act: () => unknown): Promise<number> {
  if (typeof collect === 'function') collect();
  const before = process.cpuUsage();
  await act();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}
