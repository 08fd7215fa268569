/** Names under which a file is written before it takes its place: `.<name>.<pid>-<once>.tmp`. */
import { basename, dirname, join } from 'node:path';
import { readProcessStat } from '../process-probe.ts';

/** A name of its own for every writing, also of two threads of one process; whoever opens it refuses one that is there. */
export function makeTemporaryPath(path: string): string {
  const once = Math.floor(Math.random() * 2 ** 32);
  return join(dirname(path), `${prefixOf(path)}${process.pid}-${once}.tmp`);
}

/** Of the names in a file's directory, those that processes left that died while they replaced this very file. */
export function findLeftovers(path: string, names: readonly string[]): readonly string[] {
  const prefix = prefixOf(path);
  return names
    .filter((name) => {
      const pid = name.startsWith(prefix) ? /^(\d+)-\d+\.tmp$/.exec(name.slice(prefix.length))?.[1] : undefined;
      return pid !== undefined && readProcessStat(Number(pid)) === undefined;
    })
    .map((name) => join(dirname(path), name));
}

function prefixOf(path: string): string {
  return `.${basename(path)}.`;
}
