import { RecoveryError } from '../../core/errors.ts';
import type { CommandContext } from '../command-context.ts';

/** `salvor demo`. */
export async function runDemo(_context: CommandContext): Promise<number> {
  throw new RecoveryError('USAGE_INVALID', 'no scenarios yet');
}
