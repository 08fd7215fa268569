import { RecoveryError } from '../../core/errors.ts';
import { type ExecutionEvent, startResults } from '../../core/execution/schema.ts';
import type { ApprovedPlan } from '../../core/plan/schema.ts';
import type { Actuator, Execution } from '../../core/ports.ts';
import { restorePassword } from '../../store/store-url.ts';
import type { Config } from '../config.ts';
import type { OpenPlace } from '../open-places.ts';
import type { RunnerNews } from './schema.ts';
import { startRunner, translateRefusal } from './start-runner.ts';

/** How the process of its own is started. */
export type ElsewhereOptions = {
  readonly config: Config;
  readonly programPath: string;
  readonly stopGraceMs: number;
  /** Leave it to itself as soon as it has begun. */
  readonly detach: boolean;
};

type Done = Awaited<Execution['done']>;

/**
 * Makes an actuator that carries plans out in a process of its own: the console stays small and may be left, and
 * `--detach` returns once the recovery has begun.
 *
 * Source: design, durable execution; decisions/0005.
 */
export function actInProcess(options: ElsewhereOptions): (place: OpenPlace) => Pick<Actuator, 'start'> {
  return (place) => ({ start: (approved, onEvent) => startElsewhere({ ...options, place }, approved, onEvent) });
}

type Elsewhere = ElsewhereOptions & { readonly place: OpenPlace };

function startElsewhere(
  options: Elsewhere,
  approved: ApprovedPlan,
  onEvent: (event: ExecutionEvent) => void,
): Execution {
  const { promise, resolve, reject } = Promise.withResolvers<Done>();
  let detaching = options.detach;
  let started: Done | undefined;
  const leave = (done: Done) => {
    runner.release();
    resolve(done);
  };
  const hear = {
    event: ({ event }) => onEvent(event),
    recovered: leave,
    recovery_started: (news) => {
      started = { ...news, steps: startResults(approved.plan) };
      if (detaching) leave(started);
    },
    run_started: () => {},
    refused: (news) => {
      runner.release();
      reject(translateRefusal(news));
    },
  } satisfies { readonly [T in RunnerNews['type']]: (news: Extract<RunnerNews, { type: T }>) => void };
  const runner = startRunner({
    programPath: options.programPath,
    request: makeRequest(approved, options),
    onNews: (news) => (hear[news.type] as (news: RunnerNews) => void)(news),
    onEnd: reject,
  });
  return {
    done: promise,
    stop: (signal) => runner.send({ type: 'stop', ...(signal && { signal }) }),
    detach() {
      detaching = true;
      if (started) leave(started);
    },
  };
}

function makeRequest(approved: ApprovedPlan, { config, place, stopGraceMs }: Elsewhere) {
  const { plan, consent, evidence } = approved;
  if (config.readOnly) throw new RecoveryError('READ_ONLY', 'Salvor was started read-only');
  return {
    type: 'recover' as const,
    stateDirectory: restorePassword(place.path),
    principal: config.principal,
    ...(config.policyPath !== undefined && { policyPath: config.policyPath }),
    stopGraceMs,
    jobId: plan.jobId,
    choice: plan.choice,
    answers: plan.answers,
    consent,
    seen: evidence,
  };
}
