/** The one place that wires ports. */
import { randomUUID } from 'node:crypto';
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { RecoveryError } from '../core/errors.ts';
import type { ExecutionEvent } from '../core/execution/schema.ts';
import type { JobRef } from '../core/job/schema.ts';
import type { AccessPolicy } from '../core/plan/access.ts';
import type { Actuator, JobPlace } from '../core/ports.ts';
import type { RecoveryReport } from '../core/report/schema.ts';
import { makeSession } from '../core/session/make-session.ts';
import type { Session } from '../core/session/schema.ts';
import { systemClock } from '../platform/clock.ts';
import { describeFinding, describeStep, describeWarning } from '../present/words.ts';
import { makeNativeActuator } from '../sources/native/act.ts';
import { detectSource, SOURCES } from '../sources/registry.ts';
import type { Config } from './config.ts';
import type { Asked } from './parse-args.ts';
import { readPolicy } from './read-policy.ts';
import { runPlan } from './run-plan.ts';

/** A place that was opened: where it is and how its jobs are read. */
export type OpenPlace = { readonly path: string; readonly source: string; readonly jobs: JobPlace };

/** A job and the place it is in. */
export type FoundJob = { readonly ref: JobRef; readonly place: OpenPlace };

/** How sessions act: what is wired into them besides their place. */
export type ActOptions = {
  readonly config: Config;
  readonly policy: AccessPolicy;
  readonly version: string;
  readonly stopGraceMs: number;
  readonly dryRun: boolean;
  /** Told of a recovery that has begun in this process. */
  readonly onStarted?: (report: RecoveryReport, reportPath: string) => void;
  /** Told what happens while a plan is carried out, besides the session. */
  readonly onEvent?: (event: ExecutionEvent) => void;
  /** Acts in a process of its own instead of this one. */
  readonly actElsewhere?: (place: OpenPlace) => Pick<Actuator, 'start'>;
};

const WORDS = { describeFinding, describeStep, describeWarning };
/** How many candidates of an ambiguous reference are named. */
const CANDIDATES = 10;

/**
 * Opens the targets, or the state directory when none is named.
 *
 * Errors: TARGET_UNKNOWN, STATE_UNREADABLE. A state directory that was not named and is not there is empty, not wrong.
 */
export function openPlaces(config: Config, targets: readonly string[], forced?: string): readonly OpenPlace[] {
  if (targets.length > 0) return targets.map((target) => openTarget(resolve(target), forced));
  const native = SOURCES.find((source) => source.name === 'native');
  if (!native) return [];
  const path = config.stateDirectory;
  if (config.stateNamed && statSync(path, { throwIfNoEntry: false })) detectSource(path, forced);
  return [{ path, source: 'native', jobs: native.open(path, systemClock) }];
}

function openTarget(path: string, forced: string | undefined): OpenPlace {
  const source = detectSource(path, forced);
  return { path, source: source.name, jobs: source.open(path, systemClock) };
}

/**
 * Finds the one job a person means.
 *
 * Errors: JOB_UNKNOWN; JOB_AMBIGUOUS listing the candidates.
 * Source: contract, commands (JOB).
 */
export async function findJob(places: readonly OpenPlace[], reference: string): Promise<FoundJob> {
  const found: FoundJob[] = [];
  for (const place of places) {
    for (const ref of await place.jobs.find(reference, CANDIDATES)) found.push({ ref, place });
  }
  const [first, second] = found;
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

/** What sessions act with, read once for a command. */
export async function readActOptions(
  config: Config,
  asked: Asked,
  version: string,
): Promise<Pick<ActOptions, 'config' | 'policy' | 'version'> & { readonly stopGraceMs: number }> {
  const { parseDuration } = await import('../runner/job-file/parse-duration.ts');
  const grace = asked.texts.grace ?? '30s';
  const stopGraceMs = parseDuration(grace);
  if (stopGraceMs === undefined)
    throw new RecoveryError('USAGE_INVALID', `--grace ${grace} is not a duration such as 500ms, 30s or 2m`);
  return { config, version, stopGraceMs, policy: await readPolicy(config.policyPath) };
}

/** Opens a session for one job of a place. */
export function openSession(place: OpenPlace, jobId: string, options: ActOptions): Session {
  const { config, policy } = options;
  return makeSession(jobId, {
    reader: place.jobs,
    clock: systemClock,
    authority: { principal: config.principal, policy, readOnly: config.readOnly, canAct: place.source === 'native' },
    // Without an actuator the very same path is a dry run.
    ...(!options.dryRun && !config.readOnly && { actuator: makeActuator(place, options) }),
  });
}

/** Makes what acts on a place. */
export function makeActuator(place: OpenPlace, options: ActOptions): Actuator {
  const { config, policy, version, stopGraceMs, onStarted, onEvent, actElsewhere } = options;
  const here = makeNativeActuator({
    stateDirectory: place.path,
    clock: systemClock,
    principal: config.principal,
    policy,
    version,
    words: WORDS,
    makeId: randomUUID,
    stopGraceMs,
    runPlan,
    ...(onStarted && { onStarted }),
  });
  if (actElsewhere) return { ...here, ...actElsewhere(place) };
  return onEvent ? { ...here, start: tellAlso(here.start, onEvent) } : here;
}

function tellAlso(start: Actuator['start'], tell: (event: ExecutionEvent) => void): Actuator['start'] {
  return (approved, onEvent) =>
    start(approved, (event) => {
      onEvent(event);
      tell(event);
    });
}
