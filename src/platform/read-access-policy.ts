import { isRecoveryError } from '../core/errors.ts';
import type { AccessPolicy } from '../core/plan/access.ts';
import { makeJsonScanner } from './exact-json/make-json-scanner.ts';
import { openRegularFile } from './files/open-regular-file.ts';
import { resolvePolicyPath } from './resolve-policy-path.ts';

/** A policy file is written by hand; anything larger is another file. Unit: bytes. */
const LARGEST_BYTES = 1024 * 1024;

/** Whether a policy that is not there is none, or, because it was named, one that denies; one that was named says its mode. */
export type ReadPolicyOptions = { readonly whenAbsent: 'none' | 'invalid' };

/**
 * Reads an access policy: follows its path to the end first, then reads what stands there. Whatever is there and cannot
 * be read as a policy denies everything.
 *
 * Shapes: `path` of the answer is the path that was asked for.
 * Errors: none; what is wrong is in the policy.
 * Source: contract, access; design, rule 5; formats/tau 2.6.
 */
export async function readAccessPolicy(path: string, { whenAbsent }: ReadPolicyOptions): Promise<AccessPolicy> {
  const deny = (found: string): AccessPolicy => ({
    type: 'invalid',
    path,
    problem: `access policy ${path} cannot be read: ${found}`,
  });
  const place = await resolvePolicyPath(path);
  if (place.state === 'problem') return deny(place.found);
  if (place.state === 'absent')
    return whenAbsent === 'none' ? { type: 'none' } : deny('there is no such file (ENOENT)');
  const read = await readText(place.path);
  if (read.text === undefined) return deny(read.problem);
  try {
    // The schema of the file is loaded when there is one.
    const { parseAccessPolicy } = await import('../core/plan/parse-access-policy.ts');
    const value: unknown = JSON.parse(read.text);
    const file = parseAccessPolicy(path, value);
    if (whenAbsent === 'invalid' && !saysTeamMode(value)) {
      const missing = 'it says no team_mode: with true its roles count, with false everybody may do everything';
      return { type: 'invalid', path, problem: `access policy ${path}: ${missing}` };
    }
    return { type: 'file', path, file };
  } catch (error) {
    if (isRecoveryError(error)) return { type: 'invalid', path, problem: error.message };
    return deny(error instanceof Error ? error.message : String(error));
  }
}

/** Left out it is off, which whoever names a policy hardly means. */
function saysTeamMode(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, 'team_mode');
}

type PolicyText = { readonly text: string } | { readonly text?: undefined; readonly problem: string };

/** The text of a policy, when it is JSON in which no key stands twice: of two, a reader would take one silently. */
async function readText(path: string): Promise<PolicyText> {
  const opened = await openRegularFile(path);
  if (opened.type === 'problem') return { problem: opened.problem.found };
  const { file, sizeBytes } = opened;
  try {
    if (sizeBytes > LARGEST_BYTES) return { problem: `it has ${sizeBytes} bytes, at most ${LARGEST_BYTES} are read` };
    const bytes = await file.readFile();
    const scanner = makeJsonScanner();
    if (scanner.push(bytes) && scanner.end()) return { text: bytes.toString('utf8') };
    const { offset = 0, path: place = '$', expected = '', found = '' } = scanner.problem() ?? {};
    return { problem: `at byte ${offset} (${place}): expected ${expected}, found ${found}` };
  } catch (error) {
    return { problem: error instanceof Error ? error.message : String(error) };
  } finally {
    await file.close();
  }
}
