/** The one place that wires ports. */
import { randomUUID } from 'node:crypto';
import { RecoveryError } from '../core/errors.ts';
import type { ExecutionEvent } from '../core/execution/schema.ts';
import type { JobError } from '../core/job/schema.ts';
import type { AccessPolicy } from '../core/plan/access.ts';
import type { Authority } from '../core/plan/choice-row.ts';
import type { Actuator } from '../core/ports.ts';
import type { RecoveryReport } from '../core/report/schema.ts';
import { makeSession } from '../core/session/make-session.ts';
import type { Session } from '../core/session/schema.ts';
import { systemClock } from '../platform/clock.ts';
import { describeFinding, describeStep, describeWarning } from '../present/words.ts';
import { sourceOf } from '../sources/registry.ts';
import type { Source } from '../sources/source.ts';
import { actIfTrusted } from './check-trust.ts';
import type { Config } from './config.ts';
import type { OpenPlace } from './open-places.ts';
import type { Asked } from './parse-args.ts';
import type { PlacePolicies } from './place-policies.ts';
import { readPolicy } from './read-policy.ts';

/** How sessions act: what is wired into them besides their place. */
export type ActOptions = {
  readonly config: Config;
  readonly policy: AccessPolicy;
  readonly version: string;
  readonly stopGraceMs: number;
  readonly dryRun: boolean;
  /** Policies that places bring along; they stand in for the one of the command. */
  readonly placePolicies?: PlacePolicies;
  /** Told of a recovery that has begun in this process. */
  readonly onStarted?: (report: RecoveryReport, reportPath: string) => void;
  /** Told what went wrong beside an action and undoes nothing of it. */
  readonly onWarning?: (warning: JobError) => void;
  /** Told what happens while a plan is carried out, besides the session. */
  readonly onEvent?: (event: ExecutionEvent) => void;
  /** Another process is told of every refusal and records it; recorded here as well it would stand there twice. */
  readonly isRefusalTold?: boolean;
  /** How what is begun goes on without this process; `programPath` starts Salvor. */
  readonly background?: { readonly programPath: string; readonly actIn: (place: OpenPlace) => Pick<Actuator, 'start'> };
};

const WORDS = { describeFinding, describeStep, describeWarning };

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
  return makeSession(jobId, {
    reader: place.jobs,
    clock: systemClock,
    standing: options.config.answers,
    ...openActuator(place, options),
  });
}

/** On whose behalf a place is acted on, and what acts; without an actuator the very same path is a dry run. */
export function openActuator(
  place: OpenPlace,
  options: ActOptions,
): { readonly authority: Authority; readonly actuator?: Actuator } {
  const { principal, readOnly } = options.config;
  const policy = options.placePolicies?.get(place.path) ?? options.policy;
  const act = sourceOf(place)?.act;
  return {
    authority: { principal, policy, readOnly, canAct: act !== undefined },
    ...(act && !options.dryRun && !readOnly && { actuator: wireActuator(act, place, { ...options, policy }) }),
  };
}

function wireActuator(act: NonNullable<Source['act']>, place: OpenPlace, options: ActOptions): Actuator {
  const { config, policy, version, stopGraceMs, onStarted, onWarning, onEvent, background, isRefusalTold } = options;
  const acting = act(place.path, {
    clock: systemClock,
    principal: config.principal,
    policy,
    version,
    words: WORDS,
    makeId: randomUUID,
    stopGraceMs,
    request: config.request ?? {},
    // The runner and its engines are loaded when something is run.
    runner: {
      runPlan: async (run) => (await import('../runner/run-plan.ts')).runPlan(run),
      writeRows: async (asked) => (await import('../runner/write-rows.ts')).writeRows(asked),
    },
    ...(background && { programPath: background.programPath }),
    ...(onStarted && { onStarted }),
    ...(onWarning && { onWarning }),
  });
  const here = isRefusalTold ? { ...acting, recordRefusal: async () => {} } : acting;
  const telling = onEvent ? { ...here, start: tellAlso(here.start, onEvent) } : here;
  const isApart = background !== undefined && sourceOf(place)?.actsApart === true;
  const actuator = isApart ? { ...here, ...background.actIn(place) } : telling;
  return place.isDefault ? actIfTrusted(actuator, place.path) : actuator;
}

function tellAlso(start: Actuator['start'], tell: (event: ExecutionEvent) => void): Actuator['start'] {
  return (approved, onEvent) =>
    start(approved, (event) => {
      onEvent(event);
      tell(event);
    });
}
