import { RecoveryError } from '../core/errors.ts';
import type { AccessPolicy } from '../core/plan/access.ts';

/** A policy file is written by hand; anything larger is another file. */
const LARGEST_BYTES = 1024 * 1024;

/**
 * Reads the access policy. A named file that is missing or malformed is a policy that denies everything.
 *
 * Errors: none; what is wrong is in the policy.
 * Source: contract, access; design, rule 5.
 */
export async function readPolicy(path: string | undefined): Promise<AccessPolicy> {
  if (path === undefined) return { type: 'none' };
  const { readFile } = await import('node:fs/promises');
  const { parseAccessPolicy } = await import('../core/plan/parse-access-policy.ts');
  try {
    const text = await readFile(path, 'utf8');
    if (text.length > LARGEST_BYTES)
      throw new Error(`it has ${text.length} characters, at most ${LARGEST_BYTES} are read`);
    return { type: 'file', path, file: parseAccessPolicy(path, JSON.parse(text)) };
  } catch (error) {
    if (error instanceof RecoveryError) return { type: 'invalid', path, problem: error.message };
    const reason = error instanceof Error ? error.message : String(error);
    return { type: 'invalid', path, problem: `access policy ${path} cannot be read: ${reason}` };
  }
}
