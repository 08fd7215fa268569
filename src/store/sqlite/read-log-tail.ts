import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** How much of a log's end is read for its last lines. */
const TAIL_BYTES = 64 * 1024;

/** The last lines of a log, oldest first; a log that cannot be read has none. */
export async function readLogTail(path: string, lineCount: number): Promise<readonly string[]> {
  try {
    await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stats = await file.stat();
    if (!stats.isFile()) return [];
    const { size } = stats;
    const start = Math.max(0, size - TAIL_BYTES);
    const buffer = Buffer.alloc(size - start);
    const { bytesRead } = await file.read(buffer, 0, buffer.length, start);
    const lines = buffer
      .toString('utf8', 0, bytesRead)
      .split('\n')
      .filter((line) => line !== '');
    const whole = lines.slice(start > 0 && lines.length > 1 ? 1 : 0);
    return whole.slice(Math.max(0, whole.length - lineCount));
  } catch {
    return [];
  }
}
