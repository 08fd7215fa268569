import { existsSync } from 'node:fs';
import type { JobError } from '../../../core/job/schema.ts';

/**
 * Says why no process came to be. Nothing was done then, so the unit definitely failed.
 *
 * Shapes: code `SPAWN_<ERRNO>`, or ROW_UNPASSABLE when the row is larger than the system lets a command have.
 * Errors: none.
 */
export function describeSpawnError(thrown: unknown, directory: string): JobError {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'UNKNOWN';
  if (code === 'E2BIG') {
    return {
      code: 'ROW_UNPASSABLE',
      message: 'the row is larger than the arguments and environment of a command may be',
    };
  }
  if (code === 'ENOENT' && !existsSync(directory)) {
    return { code: 'SPAWN_ENOENT', message: `the directory ${directory} is gone, no command can be started in it` };
  }
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return { code: `SPAWN_${code}`, message: `no process could be started: ${reason}` };
}
