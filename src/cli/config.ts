/** Settings: a flag beats the environment, which beats the configuration file. Source: contract, commands (global). */
import { existsSync } from 'node:fs';
import { homedir, userInfo } from 'node:os';
import { join, resolve } from 'node:path';
import type { Answers } from '../core/plan/schema.ts';
import type { PlaceRequest } from '../sources/source.ts';
import { isStoreUrl, keepPassword } from '../store/store-url.ts';
import type { Asked } from './parse-args.ts';

/** What every command is told. `policyPath` is undefined when no policy is named, empty when its name is empty. */
export type Config = {
  /** Or the URL of a store; its password is kept apart. */
  readonly stateDirectory: string;
  /** Whether the state directory was named, and not found by default. */
  readonly stateNamed: boolean;
  /** What named it: a flag, a variable, or the configuration file. */
  readonly stateNamedBy?: string;
  readonly principal: string;
  readonly policyPath?: string;
  readonly readOnly: boolean;
  readonly noColor: boolean;
  readonly json: boolean;
  /** Answers to questions that plans ask, until somebody gives another one. */
  readonly answers: Answers;
  /** What is asked of the places besides looking. */
  readonly request?: PlaceRequest;
};

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Settles the settings.
 *
 * Errors: CONFIG_INVALID naming the file and what is wrong with it.
 */
export async function readConfig(asked: Asked, env: Environment): Promise<Config> {
  const path = asked.texts.config;
  const file = path === undefined ? {} : await (await import('./config-file.ts')).readConfigFile(path);
  const named = asked.texts.state ?? nonEmpty(env.SALVOR_STATE) ?? file.state;
  const policyPath = asked.texts.policy ?? env.SALVOR_POLICY ?? file.policy;
  const principal = nonEmpty(asked.texts.principal?.trim()) ?? nonEmpty(env.SALVOR_PRINCIPAL?.trim()) ?? file.principal;
  const command = nonEmpty(asked.texts.exec?.trim()) ?? nonEmpty(file.resume_command?.trim());
  return {
    stateDirectory: resolvePlace(named ?? findDefaultState(env)),
    stateNamed: named !== undefined,
    ...(named !== undefined && { stateNamedBy: describeNaming(asked, env, path) }),
    principal: principal ?? describeLocalUser(env),
    ...(policyPath !== undefined && { policyPath: policyPath === '' ? '' : resolve(policyPath) }),
    readOnly: asked.switches.has('read-only') || file.read_only === true,
    noColor: asked.switches.has('no-color') || file.no_color === true,
    json: asked.switches.has('json'),
    answers: command === undefined ? {} : { command },
    request: {
      // A directory that is not there says nothing of its kind, so its source has to be said.
      ...(asked.texts.source !== undefined && isMaking(asked) && { create: true as const }),
    },
  };
}

/** A place by its full path; a URL without its password, which is kept for whoever connects. */
export function resolvePlace(place: string): string {
  return isStoreUrl(place) ? keepPassword(place) : resolve(place);
}

function isMaking({ texts: { choice } }: Asked): boolean {
  return choice === 'pause' || choice === 'resume';
}

function nonEmpty(text: string | undefined): string | undefined {
  return text === '' ? undefined : text;
}

function describeNaming({ texts }: Asked, env: Environment, path: string | undefined): string {
  if (texts.state !== undefined) return '--state';
  return nonEmpty(env.SALVOR_STATE) === undefined ? `the configuration ${path ?? ''}` : 'SALVOR_STATE';
}

function findDefaultState(env: Environment): string {
  if (existsSync('.salvor')) return '.salvor';
  const base = nonEmpty(env.XDG_STATE_HOME) ?? join(nonEmpty(env.HOME) ?? homedir(), '.local', 'state');
  return join(base, 'salvor');
}

/** `local:` and the user's name, normalised as formats/tau 2.6 does. */
function describeLocalUser(env: Environment): string {
  const actor =
    nonEmpty(env.TAU_RBAC_LOCAL_ACTOR?.trim()) ??
    readUserName() ??
    nonEmpty(env.USER) ??
    nonEmpty(env.LOGNAME) ??
    'operator';
  // ASCII first: lower-casing would turn other letters (the Kelvin sign) into plain ones, and one user into another.
  return `local:${actor.replace(/[^A-Za-z0-9_-]/g, '-').toLowerCase()}`;
}

function readUserName(): string | undefined {
  try {
    return nonEmpty(userInfo().username);
  } catch {
    // A uid without an account, as containers have.
    return undefined;
  }
}
