import { RecoveryError } from '../core/errors.ts';
import { findMissingCommand } from '../platform/find-missing-command.ts';
import type { JobWork } from './job-work.ts';

/** Refuses a job whose programs are not there. Errors: the code asked for. */
export function checkCommands(
  { commands: { lines, place } }: Pick<JobWork, 'commands'>,
  code: 'COMMAND_MISSING' | 'PREREQUISITE_MISSING',
): void {
  for (const line of lines) {
    const missing = findMissingCommand(line, place);
    if (!missing) continue;
    const { command, problem } = missing;
    throw new RecoveryError(code, `the command ${command} ${problem}`, { details: { command } });
  }
}
