/** What the contract of a source is tested with: places made by the means of the source itself, and how to act on them. */
import { type ActOptions, openSession } from '../../../src/cli/compose.ts';
import type { Config } from '../../../src/cli/config.ts';
import { type OpenPlace, openPlaces } from '../../../src/cli/open-places.ts';
import type { ActingChoice } from '../../../src/core/job/schema.ts';
import type { AccessPolicy } from '../../../src/core/plan/access.ts';
import type { Consent } from '../../../src/core/plan/schema.ts';
import type { SessionState } from '../../../src/core/session/schema.ts';

/** A place with one job that died while it worked; everything goes at the end of the scope. */
export type SourceWorld = AsyncDisposable & {
  /** The place, as an operator names it. */
  readonly target: string;
  /** A place of this source that is not there. */
  readonly missing: string;
  /** Everything that may change when a place is looked at: names, modes, times and bytes, or rows. */
  readonly snapshot: () => Promise<unknown>;
  /** Damages the place behind the back of its source, so that it cannot be read at all; absent where that cannot be. */
  readonly damage?: () => Promise<void>;
  /** Adds a job that waits for somebody; absent where a place is one job. */
  readonly addJob?: (name: string) => Promise<void>;
  /** What Salvor may change when it refuses: its own chain, in its own store. */
  readonly keepsRefusals: boolean;
  /** What is to be seen of the work itself, one entry for each effect; no effect may come twice. */
  readonly effects: () => readonly string[];
  /** The command that is started, where a source starts one that it was not told of before. */
  readonly command?: string;
};

/** Makes a place with a job that died. */
export type MakeSourceWorld = () => Promise<SourceWorld>;

export type Asking = {
  readonly policy?: AccessPolicy;
  readonly readOnly?: boolean;
  readonly command?: string;
};

export const PRINCIPAL = 'local:contract';
/** A policy that lets nobody do anything. */
export const DENYING: AccessPolicy = { type: 'invalid', path: '/policy.json', problem: 'it is empty' };

/** Takes a choice from the first look as far as it goes, as commands and console do. */
export async function conduct(
  place: OpenPlace,
  { jobId, choice, ...asking }: Asking & { readonly jobId: string; readonly choice: ActingChoice },
): Promise<SessionState> {
  const session = openSession(place, jobId, makeOptions(asking));
  session.send({ type: 'inspect' });
  session.send({ type: 'choose', choice });
  await session.idle();
  const planned = session.snapshot();
  if (planned.stage !== 'planned') return planned;
  const consent: Consent = {
    planDigest: planned.plan.digest,
    principal: PRINCIPAL,
    atMs: Date.now(),
    form: 'flag',
  };
  session.send({ type: 'approve', consent });
  await session.idle();
  return session.snapshot();
}

/** Opens targets as commands do. */
export function open(targets: readonly string[], asking: Asking = {}, forced?: string): readonly OpenPlace[] {
  return openPlaces(makeConfig(asking), targets, forced);
}

function makeConfig({ readOnly = false, command }: Asking): Config {
  const answers = command === undefined ? {} : { command };
  const named = { stateDirectory: '/nowhere', stateNamed: true };
  return { ...named, principal: PRINCIPAL, readOnly, json: false, noColor: true, answers };
}

function makeOptions(asking: Asking): ActOptions {
  return {
    config: makeConfig(asking),
    policy: asking.policy ?? { type: 'none' },
    version: '0.0.0-test',
    stopGraceMs: 10_000,
    dryRun: false,
  };
}
