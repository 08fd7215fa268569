import { RecoveryError, toRecoveryError } from '../../core/errors.ts';
import type { ExecutionEvent } from '../../core/execution/schema.ts';
import type { StopSignal } from '../../core/execution/stop-signals.ts';
import { describeStale, listChanges } from '../../core/plan/plan-basis.ts';
import type { Session } from '../../core/session/schema.ts';
import { systemClock } from '../../platform/clock.ts';
import { openJobStore } from '../../store/open-store.ts';
import { openSession } from '../compose.ts';
import { type Config, resolvePlace } from '../config.ts';
import { lookAtJob } from '../look-at-job.ts';
import { openPlaces } from '../open-places.ts';
import { readPolicy } from '../read-policy.ts';
import { stopOnSignals } from '../stop-on-signals.ts';
import { type RunnerNews, RunnerRequest } from './schema.ts';

/** Progress and log lines are told at most this often; steps always. */
const TELL_EVERY_MS = 100;

type Recover = Extract<RunnerRequest, { type: 'recover' }>;
type Run = Extract<RunnerRequest, { type: 'run' }>;

/**
 * Runs in a process of its own what the parent asks for, and goes on when the parent is gone.
 *
 * Errors: none thrown; what is refused is told to the parent.
 */
export async function runDetached({ version }: { readonly version: string }): Promise<number> {
  const stopper = makeStopper();
  const request = await receiveRequest(stopper.stop);
  const signals = stopOnSignals(stopper.stop);
  try {
    if (request.type === 'recover') await recover(request, { version, onStop: stopper.listen });
    else await run(request, stopper.listen);
    return 0;
  } catch (thrown) {
    const { code, message, details } = toRecoveryError(thrown);
    tell({ type: 'refused', code, message, details: { ...details } });
    return 1;
  } finally {
    signals.close();
    if (process.connected) process.disconnect();
  }
}

type OnStop = (listener: (signal?: StopSignal) => void) => void;

/** Remembers a request to stop that comes before there is anything to stop. */
function makeStopper(): { readonly stop: (signal?: StopSignal) => void; readonly listen: OnStop } {
  let asked: { readonly signal: StopSignal | undefined } | undefined;
  let listener: ((signal?: StopSignal) => void) | undefined;
  return {
    stop(signal) {
      asked = { signal };
      listener?.(signal);
    },
    listen(next) {
      listener = next;
      if (asked) next(asked.signal);
    },
  };
}

function receiveRequest(onStop: (signal?: StopSignal) => void): Promise<Recover | Run> {
  const { promise, resolve, reject } = Promise.withResolvers<Recover | Run>();
  process.on('message', (message) => {
    const request = RunnerRequest.safeParse(message);
    if (!request.success)
      return reject(new RecoveryError('INTERNAL', 'the runner was asked for something it does not know'));
    if (request.data.type === 'stop') return onStop(request.data.signal);
    // The request is there: from now on the parent may go.
    process.channel?.unref();
    resolve({ ...request.data, stateDirectory: resolvePlace(request.data.stateDirectory) });
  });
  process.on('disconnect', () =>
    reject(new RecoveryError('INTERNAL', 'the parent is gone before it asked for anything')),
  );
  return promise;
}

function tell(news: RunnerNews): void {
  // The parent may go at any time; then nobody listens and the work goes on.
  if (process.connected) process.send?.(news, undefined, undefined, () => {});
}

/** Tells events at a bounded pace; of those held back the newest is told when its time has come. */
function makeEventTeller(): (event: ExecutionEvent) => void {
  const tellProgress = makePace();
  const tellLine = makePace();
  return (event) => {
    if (event.type === 'step') tell({ type: 'event', event });
    else if (event.type === 'progress') tellProgress(event);
    else tellLine(event);
  };
}

function makePace(): (event: ExecutionEvent) => void {
  let timer: NodeJS.Timeout | undefined;
  let held: ExecutionEvent | undefined;
  const rest = (): void => {
    timer = undefined;
    if (held === undefined) return;
    const event = held;
    held = undefined;
    timer = setTimeout(rest, TELL_EVERY_MS).unref();
    tell({ type: 'event', event });
  };
  return (event) => {
    held = event;
    if (timer === undefined) rest();
  };
}

function makeConfig(request: Recover | Run): Config {
  const { stateDirectory, principal, policyPath } = request;
  const named = policyPath === undefined ? {} : { policyPath };
  return {
    stateDirectory,
    stateNamed: true,
    principal,
    ...named,
    readOnly: false,
    noColor: true,
    json: true,
    answers: {},
  };
}

async function recover(
  request: Recover,
  { version, onStop }: { readonly version: string; readonly onStop: OnStop },
): Promise<void> {
  const config = makeConfig(request);
  const [place] = openPlaces(config, [request.stateDirectory]);
  if (!place) return;
  const session = openSession(place, request.jobId, {
    config,
    version,
    policy: await readPolicy(config.policyPath),
    stopGraceMs: request.stopGraceMs,
    dryRun: false,
    isRefusalTold: true,
    onStarted: (report, reportPath) => tell({ type: 'recovery_started', report, reportPath }),
    onEvent: makeEventTeller(),
  });
  await say(session, { type: 'inspect' });
  const { consent, choice, answers } = request;
  await say(session, { type: 'choose', choice, answers });
  const state = session.snapshot();
  if (state.stage === 'planned' && state.plan.digest !== consent.planDigest) {
    throw describeStale(state.plan, listChanges(state.plan, request.seen, state.evidence));
  }
  const approved = say(session, { type: 'approve', consent });
  // A stop from before the plan was made is for what begins now.
  onStop((signal) => session.send({ type: 'stop', ...(signal && { signal }) }));
  await approved;
  const ended = session.snapshot();
  if (ended.stage !== 'reported') throw new RecoveryError('INTERNAL', `the session is ${ended.stage} at its end`);
  const { report, reportPath, steps, error } = ended;
  tell({ type: 'recovered', steps: [...steps], report, reportPath, ...(error && { error }) });
}

async function say(session: Session, command: Parameters<Session['send']>[0]): Promise<void> {
  session.send(command);
  await session.idle();
  const state = session.snapshot();
  if (state.stage === 'refused') throw state.error;
}

async function run(request: Run, onStop: OnStop): Promise<void> {
  const stop = new AbortController();
  onStop(() => stop.abort());
  const { file, params, name, again = false, principal, stateDirectory } = request;
  const { startJob } = await import('../../runner/start-job.ts');
  const started = await startJob({
    store: openJobStore(stateDirectory, systemClock),
    lookAt: lookAtJob,
    file,
    params,
    principal,
    again,
    ...(name !== undefined && { name }),
  });
  const { job, directory, repeated, sharing } = started;
  tell({
    type: 'run_started',
    jobId: job.id,
    name: job.name,
    kind: job.kind,
    ...(directory !== undefined && { directory }),
    sharing: [...sharing],
    ...(repeated && { repeated }),
  });
  await started.run({ stop: stop.signal, kill: new AbortController().signal, onEvent: makeEventTeller() });
}
