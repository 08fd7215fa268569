/** Settings: a flag beats the environment, which beats the configuration file. Source: contract, commands (global). */
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import * as z from 'zod/mini';
import { RecoveryError } from '../core/errors.ts';
import { findNearestName } from '../core/find-nearest-name.ts';
import type { Asked } from './parse-args.ts';

/** What every command is told. `policyPath` is undefined when no policy is named. */
export type Config = {
  readonly stateDirectory: string;
  /** Whether the state directory was named, and not found by default. */
  readonly stateNamed: boolean;
  readonly principal: string;
  readonly policyPath?: string;
  readonly readOnly: boolean;
  readonly noColor: boolean;
  readonly json: boolean;
};

type Environment = Readonly<Record<string, string | undefined>>;

const ConfigFile = z.strictObject({
  state: z.optional(z.string()),
  principal: z.optional(z.string()),
  policy: z.optional(z.string()),
  read_only: z.optional(z.boolean()),
  no_color: z.optional(z.boolean()),
});

/**
 * Settles the settings.
 *
 * Errors: CONFIG_INVALID naming the file and what is wrong with it.
 */
export async function readConfig(asked: Asked, env: Environment): Promise<Config> {
  const path = asked.texts.config;
  const file = path === undefined ? {} : await readConfigFile(path);
  const named = asked.texts.state ?? nonEmpty(env.SALVOR_STATE) ?? file.state;
  const policyPath = asked.texts.policy ?? nonEmpty(env.SALVOR_POLICY) ?? file.policy;
  const principal = nonEmpty(asked.texts.principal?.trim()) ?? nonEmpty(env.SALVOR_PRINCIPAL?.trim()) ?? file.principal;
  return {
    stateDirectory: resolve(named ?? findDefaultState(env)),
    stateNamed: named !== undefined,
    principal: principal ?? describeLocalUser(env),
    ...(policyPath !== undefined && { policyPath: resolve(policyPath) }),
    readOnly: asked.switches.has('read-only') || file.read_only === true,
    noColor: asked.switches.has('no-color') || file.no_color === true,
    json: asked.switches.has('json'),
  };
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function findDefaultState(env: Environment): string {
  if (existsSync('.salvor')) return '.salvor';
  const base = nonEmpty(env.XDG_STATE_HOME) ?? join(nonEmpty(env.HOME) ?? homedir(), '.local', 'state');
  return join(base, 'salvor');
}

/** `local:` and the user's name, normalised as formats/tau 2.6 does. */
function describeLocalUser(env: Environment): string {
  const actor = readUserName() ?? nonEmpty(env.USER) ?? nonEmpty(env.LOGNAME) ?? 'operator';
  return `local:${actor.toLowerCase().replace(/[^a-z0-9_-]/g, '-')}`;
}

function readUserName(): string | undefined {
  try {
    return nonEmpty(userInfo().username);
  } catch {
    // A uid without an account, as containers have.
    return undefined;
  }
}

async function readConfigFile(path: string): Promise<z.infer<typeof ConfigFile>> {
  const { readFile } = await import('node:fs/promises');
  const { parse } = await import('yaml');
  try {
    const result = ConfigFile.safeParse(parse(await readFile(path, 'utf8')) ?? {});
    if (result.success) return result.data;
    throw new Error(describeIssue(result.error.issues[0]));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecoveryError('CONFIG_INVALID', `configuration ${path}: ${reason}`, { details: { path }, cause });
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
