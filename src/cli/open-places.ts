/** Which places a command is about, and which job of them. Apart from sessions, so that a look loads no more. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RecoveryError, toRecoveryError } from '../core/errors.ts';
import { findNearestName } from '../core/find-nearest-name.ts';
import type { JobRef } from '../core/job/schema.ts';
import type { JobPlace } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import { findRealPath } from '../platform/find-real-path.ts';
import { safeText } from '../present/safe-text.ts';
import { DEFAULT_SOURCE, detectSource, SOURCES } from '../sources/registry.ts';
import type { PlaceRequest } from '../sources/source.ts';
import { isStoreUrl } from '../store/store-url.ts';
import { translateErrors } from '../store/translate-errors.ts';
import { type Config, resolvePlace } from './config.ts';
import { COMMAND_WORDS } from './flags.ts';

/** A place that was opened: where it is, how its jobs are read, and whether it was named. */
export type OpenPlace = {
  readonly path: string;
  readonly source: string;
  readonly jobs: JobPlace;
  /** Nobody named it: who may have filled it is looked at before anything is done in it. */
  readonly isDefault?: true;
};

/** A job and the place it is in. */
export type FoundJob = { readonly ref: JobRef; readonly place: OpenPlace };

/** The source of a place that could not be opened. */
const NO_SOURCE = 'none';

/** How many candidates of an ambiguous reference are named. */
const CANDIDATES = 10;

/**
 * Opens the targets, each once by its real path, or the state directory when none is named.
 *
 * Errors: TARGET_UNKNOWN, also for a state directory that was named and is not there; STATE_UNREADABLE; of several targets
 * only when none can be opened. The default one
 * that is not there yet is empty, and an empty directory is where the first run makes the store.
 */
export function openPlaces(config: Config, targets: readonly string[], forced?: string): readonly OpenPlace[] {
  if (targets.length > 0) return keepEachOnce(openTargets(config, targets, forced));
  const path = config.stateDirectory;
  if (config.stateNamed && !isStoreUrl(path) && !isEmptyDirectory(path)) {
    const stats = translateErrors(path, () => statSync(path, { throwIfNoEntry: false }));
    if (!stats) throw describeMissing(config);
    const source = detectSource(path, forced);
    if (source !== DEFAULT_SOURCE) return [openTarget(path, forced, config.request)];
  }
  const place = { path, source: DEFAULT_SOURCE.name, jobs: DEFAULT_SOURCE.open(path, systemClock, {}) };
  return [config.stateNamed ? place : { ...place, isDefault: true }];
}

/** One that cannot be opened is a place of its own, that cannot be read, as long as another one can. */
function openTargets(config: Config, targets: readonly string[], forced?: string): readonly OpenPlace[] {
  const unread: RecoveryError[] = [];
  const places = targets.map((target) => {
    try {
      return openTarget(target, forced, config.request);
    } catch (thrown) {
      const error = toRecoveryError(thrown);
      unread.push(error);
      return makeUnreadPlace(resolvePlace(target), error);
    }
  });
  const [error] = unread;
  if (error && unread.length === targets.length) throw error;
  return places;
}

/** A place with no source that acts in it; whatever is asked of it is its error. */
function makeUnreadPlace(path: string, error: RecoveryError): OpenPlace {
  const fail = async (): Promise<never> => {
    throw error;
  };
  const reads = { list: fail, find: fail, collect: fail, units: fail, namedUnits: fail };
  const jobs = { ...reads, audit: fail, logTail: fail, report: fail, watch: () => () => {} };
  return { path, source: NO_SOURCE, jobs };
}

/** A place that is named twice, or by a link too, is one: its jobs would be ambiguous. The first way to it is kept. */
function keepEachOnce(places: readonly OpenPlace[]): readonly OpenPlace[] {
  const reals = places.map(({ path, source }) => `${source} ${findRealPath(path)}`);
  return places.filter((_, index) => reals.indexOf(reals[index] ?? '') === index);
}

function isEmptyDirectory(path: string): boolean {
  try {
    return readdirSync(path).length === 0;
  } catch {
    return false;
  }
}

function describeMissing({ stateDirectory, stateNamedBy = '--state' }: Config): RecoveryError {
  return new RecoveryError(
    'TARGET_UNKNOWN',
    `the state directory ${stateDirectory}, named by ${stateNamedBy}, does not exist`,
    { details: { target: stateDirectory, named_by: stateNamedBy } },
  );
}

/** Says on the way that a default place is not there yet, so that its empty list is not taken for good news. */
export function noteAbsent(places: readonly OpenPlace[], note: (line: string) => void): void {
  for (const { path, source } of places) {
    if (source !== NO_SOURCE && !isStoreUrl(path) && !existsSync(path))
      note(`no jobs yet in ${safeText(path, 1_000)}: it is not there`);
  }
}

function openTarget(target: string, forced: string | undefined, request: PlaceRequest = {}): OpenPlace {
  const path = resolvePlace(target);
  const nearest = existsSync(path) ? undefined : findNearestName(target, COMMAND_WORDS);
  if (nearest !== undefined) {
    throw new RecoveryError('TARGET_UNKNOWN', `there is no ${target} here; did you mean salvor ${nearest}?`, {
      details: { target },
    });
  }
  const source = detectSource(path, forced);
  return { path, source: source.name, jobs: source.open(path, systemClock, request) };
}

/**
 * Finds the one job a person means.
 *
 * Errors: JOB_UNKNOWN; JOB_AMBIGUOUS listing the candidates; those of a place that cannot be asked, unless another has a
 * job of exactly this id.
 * Source: contract, commands (JOB).
 */
export async function findJob(places: readonly OpenPlace[], reference: string): Promise<FoundJob> {
  const found: FoundJob[] = [];
  const unread: RecoveryError[] = [];
  for (const place of places) {
    try {
      for (const ref of await place.jobs.find(reference, CANDIDATES)) found.push({ ref, place });
    } catch (thrown) {
      unread.push(toRecoveryError(thrown));
    }
  }
  const [first, second] = found;
  // A place that cannot be asked may have another job of this name, but none of this id.
  const [error] = unread;
  if (error && (first?.ref.id !== reference || second)) throw error;
  if (!first) {
    const where = places.map((place) => place.path).join(', ');
    throw new RecoveryError('JOB_UNKNOWN', `no job is called '${reference}' in ${where}`, {
      details: { job: reference },
    });
  }
  if (second)
    throw describeAmbiguity(
      `'${reference}' may mean`,
      found.map((one) => one.ref),
    );
  return first;
}

/**
 * Opens a directory that is one job by itself.
 *
 * Errors: TARGET_UNKNOWN for any other, or one that is not there.
 */
export async function openDirectory(config: Config, target: string, forced?: string): Promise<FoundJob> {
  const place = openTarget(target, forced, config.request);
  const ref = await place.jobs.sole?.();
  if (ref) return { ref, place };
  throw new RecoveryError('TARGET_UNKNOWN', `${target} is no directory of one job, such as Tau's`, {
    details: { target },
  });
}

/**
 * Finds the job a command shows: of the targets, or, when it is named by its directory alone, the one that is there.
 *
 * Errors: those of `openPlaces` and `findJob`.
 */
export async function findShown(config: Config, named: readonly string[], forced?: string): Promise<FoundJob> {
  const [reference = '', ...targets] = named;
  if (targets.length === 0 && isSoleDirectory(reference)) return openDirectory(config, reference, forced);
  return findJob(openPlaces(config, targets, forced), reference);
}

function isSoleDirectory(path: string): boolean {
  const isThere = path !== '' && statSync(resolve(path), { throwIfNoEntry: false })?.isDirectory() === true;
  return isThere && SOURCES.some((source) => source.isSole === true && source.detect(resolve(path)));
}

/** An error that lists the jobs that may be meant. */
export function describeAmbiguity(what: string, candidates: readonly JobRef[]): RecoveryError {
  const named = candidates
    .slice(0, CANDIDATES)
    .map((ref) => `${ref.id} (${ref.name})`)
    .join(', ');
  return new RecoveryError('JOB_AMBIGUOUS', `${what} ${candidates.length} jobs: ${named}`, {
    details: { candidates: candidates.slice(0, CANDIDATES).map(({ id, name }) => ({ id, name })) },
  });
}
