/** The configuration file; loaded only when one is named. Source: contract, commands (global). */
import { parse } from 'yaml';
import * as z from 'zod/mini';
import { RecoveryError } from '../core/errors.ts';
import { findNearestName } from '../core/find-nearest-name.ts';
import { openRegularFile } from '../platform/files/open-regular-file.ts';

const ConfigFile = z.strictObject({
  state: z.optional(z.string()),
  principal: z.optional(z.string()),
  policy: z.optional(z.string()),
  read_only: z.optional(z.boolean()),
  no_color: z.optional(z.boolean()),
  resume_command: z.optional(z.string()),
});

/**
 * Reads a configuration file, YAML or JSON. An empty one says nothing.
 *
 * Errors: CONFIG_INVALID naming the file and what is wrong with it.
 */
export async function readConfigFile(path: string): Promise<z.infer<typeof ConfigFile>> {
  try {
    const result = ConfigFile.safeParse(parse(await readText(path)) ?? {});
    if (result.success) return result.data;
    throw new Error(describeIssue(result.error.issues[0]));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecoveryError('CONFIG_INVALID', `configuration ${path}: ${reason}`, { details: { path }, cause });
  }
}

/** A pipe in the place of the file would be waited for. */
async function readText(path: string): Promise<string> {
  const opened = await openRegularFile(path);
  if (opened.type === 'problem') throw new Error(opened.problem.found);
  try {
    return await opened.file.readFile('utf8');
  } finally {
    await opened.file.close();
  }
}

function describeIssue(issue: z.core.$ZodIssue | undefined): string {
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const nearest = findNearestName(key, Object.keys(ConfigFile.shape));
    return `unknown key ${key}${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
  }
  return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'is not a configuration'}`;
}
