import { createInterface } from 'node:readline/promises';
import { RecoveryError } from '../core/errors.ts';
import { safeText } from '../present/safe-text.ts';
import type { CommandContext } from './command-context.ts';

/**
 * Asks for consent: the job's name typed, or --yes with a reason. Answers the reason.
 *
 * Errors: USAGE_INVALID, CONFIRMATION_NEEDED, CONSENT_MISMATCH.
 */
export async function agreeToRepair(
  { asked, output }: CommandContext,
  { name, what, deed }: { readonly name: string; readonly what: string; readonly deed: string },
): Promise<string> {
  const reason = asked.texts.reason?.trim() ?? '';
  if (asked.switches.has('yes')) {
    if (reason === '') throw new RecoveryError('USAGE_INVALID', 'salvor repair --yes needs --reason TEXT');
    return reason;
  }
  if (!process.stdin.isTTY || output.json) {
    throw new RecoveryError('CONFIRMATION_NEEDED', `${what}; a script says --yes --reason TEXT`);
  }
  // What cannot be asked is not agreed to; that is told as such.
  process.stderr.on('error', () => {});
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const typed = await lines.question(`Type ${safeText(name, 200)} to ${deed}: `);
    if (typed.trim() !== name && typed.trim() !== safeText(name, 200)) {
      throw new RecoveryError('CONSENT_MISMATCH', `'${typed.trim()}' is not the job's name '${name}'`);
    }
    return reason === '' ? 'the name was typed' : reason;
  } finally {
    lines.close();
  }
}
