import { toRecoveryError } from '../errors.ts';
import { carryOut } from './carry-out.ts';
import { choose } from './choose.ts';
import { inspect } from './inspect.ts';
import type { Session, SessionCommand, SessionState } from './schema.ts';
import { pickLooked, type SessionContext, type SessionPorts } from './session-context.ts';
import { settle } from './settle.ts';

/**
 * Conducts the recovery of one job: look, choose, decide, approve, carry out, report. States are replaced whole, and
 * commands are taken one after the other; only stop and detach are heard while something is under way.
 *
 * Errors: none thrown; what goes wrong is the state `refused`.
 * Source: design, the flow; style 2.8 to 2.10.
 */
export function makeSession(jobId: string, ports: SessionPorts): Session {
  const listeners = new Set<() => void>();
  let state: SessionState = { stage: 'collecting', jobId };
  let work: Promise<void> = Promise.resolve();
  const become = (next: SessionState) => {
    state = next;
    tellAll(listeners);
  };
  const executing = { current: undefined, early: undefined, isAwaited: false };
  const looking = { answers: {} };
  const context: SessionContext = { ...ports, jobId, state: () => state, become, executing, looking };
  return {
    snapshot: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send(command) {
      if (command.type === 'stop' || command.type === 'detach') return interrupt(context, command);
      if (command.type === 'approve') context.executing.isAwaited = true;
      work = work.then(() => obey(context, command)).catch((thrown: unknown) => survive(context, thrown));
    },
    idle: () => work,
  };
}

/** Tells every listener, whatever one of them throws; that is thrown when all have heard. */
function tellAll(listeners: ReadonlySet<() => void>): void {
  const thrown: unknown[] = [];
  for (const listener of [...listeners]) {
    try {
      listener();
    } catch (error) {
      thrown.push(error);
    }
  }
  if (thrown.length > 0) throw thrown[0];
}

/** What nobody expected to be thrown is told as a bug, and the next command is obeyed as ever. */
function survive({ state, become }: SessionContext, thrown: unknown): void {
  const looked = pickLooked(state());
  try {
    become({ stage: 'refused', error: toRecoveryError(thrown), ...(looked && { looked }) });
  } catch {
    // Whoever listens threw again: the state says it all the same.
  }
}

type Interruption = Extract<SessionCommand, { type: 'stop' | 'detach' }>;

/** Passes on what is for the execution under way alone. What it throws is not told: the execution tells its own end. */
function interrupt(context: SessionContext, command: Interruption): void {
  try {
    if (command.type === 'stop') stop(context, command);
    else context.executing.current?.detach();
  } catch {
    // It goes on as it was.
  }
}

function stop(
  { state, become, executing }: SessionContext,
  { type: _type, ...asked }: Extract<SessionCommand, { type: 'stop' }>,
): void {
  const now = state();
  if (executing.current) executing.current.stop(asked.signal);
  // It may be asked for as soon as there is consent, and by whoever is told that it begins.
  else if (executing.isAwaited) executing.early = asked;
  if (now.stage === 'executing') become({ ...now, stopping: true });
}

type Waiting = Exclude<SessionCommand, Interruption>;

async function obey(context: SessionContext, command: Waiting): Promise<void> {
  const state = context.state();
  switch (command.type) {
    case 'inspect':
      return inspect(context);
    case 'choose':
      return choose(context, command.choice, command.answers ?? {});
    case 'answer':
      if (state.stage !== 'planned') return undefined;
      return choose(context, state.plan.choice, { ...state.plan.answers, [command.questionId]: command.value });
    case 'approve':
      return carryOut(context, command.consent).finally(() => {
        context.executing.early = undefined;
        context.executing.isAwaited = false;
      });
    case 'settle':
      return settle(context, command);
    case 'back': {
      const looked = pickLooked(state);
      if (looked) context.become({ stage: 'diagnosed', ...looked });
      return undefined;
    }
  }
}
