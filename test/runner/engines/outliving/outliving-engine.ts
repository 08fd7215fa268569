/**
 * An engine whose work outlives its runner, as that of a cluster does: each unit is a process of its own, in a session of
 * its own, which writes its exit code into a file. Its folder is what it is known by.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { RecoveryError } from '../../../../src/core/errors.ts';
import type { UnitEngine, UnitOutcome } from '../../../../src/core/execution/unit-engine.ts';
import type { JobRun } from '../../../../src/runner/job-run.ts';

const LOOK_EVERY_MS = 10;
/** Does what it is told, then says how that ended. */
const SCRIPT = '"$0" "$@"; echo $? > "$FOLDER/code"; mv "$FOLDER/code" "$FOLDER/end"';

export const makeEngine: JobRun['makeEngine'] = ({ program, checkHeld }): UnitEngine => {
  let isKilled = false;
  const awaitEnd = async (folder: string): Promise<UnitOutcome> => {
    const end = join(folder, 'end');
    for (; !existsSync(end); await delay(LOOK_EVERY_MS)) {
      if (isKilled) throw new RecoveryError('RUN_INTERRUPTED', 'the runner let go of the work');
    }
    const code = readFileSync(end, 'utf8').trim();
    return code === '0' ? { type: 'done' } : { type: 'failed', error: { code: `EXIT_${code}`, message: 'it failed' } };
  };
  return {
    start: async () => {},
    async perform(work, _, onReference) {
      await checkHeld();
      const { args = [], environment = {} } = program.command?.(work) ?? {};
      const folder = mkdtempSync(join(program.directory, 'work-'));
      const env = { PATH: process.env['PATH'] ?? '', FOLDER: folder, ...environment };
      const options = { cwd: program.directory, env, detached: true, stdio: 'ignore' } as const;
      spawn('/bin/sh', ['-c', SCRIPT, '/bin/sh', ...args], options).unref();
      await onReference(folder);
      return awaitEnd(folder);
    },
    attach: async ({ reference }) =>
      existsSync(reference)
        ? awaitEnd(reference)
        : { type: 'unknown', error: { code: 'WORK_GONE', message: `there is no ${reference}` } },
    stop: async () => {},
    kill: () => {
      isKilled = true;
    },
  };
};
