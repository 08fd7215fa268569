import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Names, modes, times and bytes; of the log's index only that it is there. Source: decisions/0001. */
export function snapshotFiles(path: string): Readonly<Record<string, string>> {
  const names = ['.', ...readdirSync(path, { recursive: true, encoding: 'utf8' })].sort();
  return Object.fromEntries(
    names.map((name) => {
      const stats = lstatSync(join(path, name), { bigint: true });
      if (name.endsWith('-shm')) return [name, String(stats.mode)];
      const bytes = stats.isFile() ? readFileSync(join(path, name), 'latin1') : '';
      return [name, `${stats.mode} ${stats.mtimeNs} ${bytes}`];
    }),
  );
}
