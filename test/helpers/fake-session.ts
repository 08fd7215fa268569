/** A session a test drives by hand. It fails on a command nobody expected, and on an expected one that never came. */
import { isDeepStrictEqual } from 'node:util';
import type { Session, SessionCommand, SessionState } from '../../src/core/session/schema.ts';

/** What a command leads to: a new state, or nothing for now. */
export type Answer = (command: SessionCommand, state: SessionState) => SessionState | undefined;

export type FakeSession = Session & {
  /** Moves to a state by itself, as a running recovery does. */
  readonly become: (state: SessionState) => void;
  /** Every command so far, in order. */
  readonly commands: readonly SessionCommand[];
  /** Resolves when a command of this type comes, or has come since the last call. */
  readonly heard: (type: SessionCommand['type']) => Promise<SessionCommand>;
};

/** Makes a session in `collecting` that answers each type of command as said; any other command is an error. */
export function makeFakeSession(
  jobId: string,
  answers: { readonly [T in SessionCommand['type']]?: Answer },
): FakeSession {
  let state: SessionState = { stage: 'collecting', jobId };
  let work: Promise<void> = Promise.resolve();
  const listeners = new Set<() => void>();
  const commands: SessionCommand[] = [];
  const unread: SessionCommand[] = [];
  const waiting = new Map<string, (command: SessionCommand) => void>();
  const become = (next: SessionState): void => {
    if (isDeepStrictEqual(next, state)) return;
    state = next;
    for (const listener of [...listeners]) listener();
  };
  return {
    commands,
    become,
    snapshot: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    send: (command) => {
      const answer = answers[command.type];
      if (answer === undefined) throw new Error(`nobody expected the command ${JSON.stringify(command)}`);
      commands.push(command);
      const tell = waiting.get(command.type);
      if (tell === undefined) unread.push(command);
      else {
        waiting.delete(command.type);
        tell(command);
      }
      work = work.then(() => {
        const next = answer(command, state);
        if (next !== undefined) become(next);
      });
    },
    idle: () => work,
    heard: (type) => {
      const at = unread.findIndex((command) => command.type === type);
      const found = at < 0 ? undefined : unread.splice(at, 1)[0];
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => {
        waiting.set(type, resolve);
      });
    },
  };
}
