import { readFileSync } from 'node:fs';
import os from 'node:os';

/** What numbers are worthless without: processor, memory, system, Node.js, load and time. One fact a line. */
export function describeMachine(): readonly string[] {
  const [processor] = os.cpus();
  return [
    `date     ${new Date().toISOString()}`,
    `machine  ${os.cpus().length} x ${processor?.model.trim() ?? 'unknown'}, ${Math.round(os.totalmem() / 2 ** 30)} GB, ${readFileSystem()}`,
    `system   ${os.type()} ${os.release()}, Node.js ${process.versions.node}`,
    `load     ${os
      .loadavg()
      .map((load) => load.toFixed(2))
      .join(' ')}`,
  ];
}

/** Type of the file system under the temporary directory: states are made there. */
function readFileSystem(): string {
  try {
    const mounts = readFileSync('/proc/mounts', 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([, point = '']) => point === '/' || `${os.tmpdir()}/`.startsWith(`${point}/`))
      .toSorted(([, a = ''], [, b = '']) => b.length - a.length);
    return mounts[0]?.[2] ?? 'unknown file system';
  } catch {
    return 'unknown file system';
  }
}
