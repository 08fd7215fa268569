import { lstat, realpath } from 'node:fs/promises';
import path from 'node:path';

/** Where a policy's path leads. Only `absent` means that there is none: what cannot be looked at is a `problem`. */
export type PolicyPath =
  | { readonly state: 'found'; readonly path: string }
  | { readonly state: 'absent' }
  | { readonly state: 'problem'; readonly found: string };

/**
 * Follows every link of a policy's path, before anything of it is read.
 *
 * Shapes: absent is that nothing stands at the path, down from the first directory that does. A link that leads nowhere
 *         or in a circle, a file where a directory is needed and a directory that may not be searched are problems.
 * Errors: none; the problem is a value.
 * Source: design, rule 5.
 */
export async function resolvePolicyPath(policyPath: string): Promise<PolicyPath> {
  try {
    return { state: 'found', path: await realpath(policyPath) };
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') return describe(policyPath, error);
  }
  for (let at = path.resolve(policyPath); ; at = path.dirname(at)) {
    try {
      const stats = await lstat(at);
      // What stands here is no reason for `realpath` to find nothing, unless it points elsewhere.
      return stats.isSymbolicLink()
        ? { state: 'problem', found: `${at} is a link that leads nowhere` }
        : { state: 'absent' };
    } catch (error) {
      if (codeOf(error) !== 'ENOENT' || at === path.dirname(at)) return describe(policyPath, error);
    }
  }
}

function describe(policyPath: string, error: unknown): PolicyPath {
  const code = codeOf(error);
  const found = REASONS[code] ?? `${policyPath} cannot be looked at (${code})`;
  return { state: 'problem', found };
}

/** What an error of the system says of a path that could not be followed. */
const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'a directory on the way to it may not be searched (EACCES)',
  ELOOP: 'its links lead in a circle (ELOOP)',
  ENOTDIR: 'a file stands where a directory is needed on the way to it (ENOTDIR)',
};

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
