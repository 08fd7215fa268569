/** The sources there are, and which one a target belongs to, by its content. */
import { statSync } from 'node:fs';
import { RecoveryError } from '../core/errors.ts';
import { formatActionKey } from '../core/families/training-control/rules.ts';
import type { Choice } from '../core/job/schema.ts';
import type { AccessAction } from '../core/plan/access.ts';
import type { Clock, JobPlace } from '../core/ports.ts';
import { openJobStore } from '../store/open-store.ts';
import { isStateDirectory, STORE_FILE } from '../store/state-directory.ts';
import { isStoreUrl } from '../store/store-url.ts';
import { makeNativePlace } from './native/read.ts';
import { isTauDirectory } from './tau/detect.ts';
import { findPolicyPaths } from './tau/find-policy-paths.ts';
import { openTauPlace } from './tau/open.ts';

/** What is asked of a place besides looking: that it is made when it is not there. */
export type PlaceRequest = { readonly create?: true };

/** One kind of place jobs come from. */
export type Source = {
  readonly name: string;
  /** What is looked for, for people. */
  readonly lookedFor: string;
  readonly detect: (path: string) => boolean;
  /** Each of its places is one job. */
  readonly isSole?: true;
  readonly open: (path: string, clock: Clock, request: PlaceRequest) => JobPlace;
  /** Jobs that a place should know and does not, each as the error of whoever names it. */
  readonly findLost?: (path: string, clock: Clock) => Promise<readonly RecoveryError[]>;
  /** What an access policy calls a choice; a review is none. */
  readonly formatAction: (choice: Exclude<Choice, 'review'>) => AccessAction;
  /** Where a place of this source may keep access policies of its own; each that is there has to allow. */
  readonly policyPaths?: (path: string, workingDirectory: string) => readonly string[];
};

/** Every source, in the order targets are tried. */
export const SOURCES: readonly Source[] = [
  {
    name: 'native',
    lookedFor: `a Salvor state directory (with ${STORE_FILE} in it) or the postgres:// URL of one`,
    detect: (path) => isStoreUrl(path) || isStateDirectory(path),
    open: (path, { nowMs }) => makeNativePlace(openJobStore(path, { nowMs })),
    formatAction: (choice) => `recover:${choice}`,
    findLost: async (path, { nowMs }) => (await openJobStore(path, { nowMs }).regressions?.lost()) ?? [],
  },
  {
    name: 'tau',
    lookedFor: 'a Tau state directory (with control-state.json, control-audit.jsonl or policy-checkpoint.json in it)',
    detect: isTauDirectory,
    isSole: true,
    open: openTauPlace,
    formatAction: formatActionKey,
    policyPaths: findPolicyPaths,
  },
];

/**
 * Finds the source of a target.
 *
 * Errors: TARGET_UNKNOWN, saying what was looked for; STATE_UNREADABLE when it may not be looked at.
 * Source: contract, commands (TARGET).
 */
export function detectSource(target: string, forced?: string): Source {
  const found =
    forced === undefined
      ? SOURCES.find((source) => source.detect(target))
      : SOURCES.find((source) => source.name === forced);
  if (found) return found;
  const lookedFor = SOURCES.map((source) => source.lookedFor);
  throw new RecoveryError('TARGET_UNKNOWN', `${target} ${describeTarget(target)}; looked for ${lookedFor.join(', ')}`, {
    details: { target, looked_for: lookedFor },
  });
}

function describeTarget(target: string): string {
  const stats = statSync(target, { throwIfNoEntry: false });
  if (!stats) return 'does not exist';
  return `is a ${stats.isDirectory() ? 'directory' : 'file'} of no known kind`;
}
