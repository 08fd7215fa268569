/** The sessions of one store: short reads and changes share a few, and a runner has one of its own. */
import { describeError, readSqlState } from './describe-error.ts';
import { checkStore, expectStore, type StoreHead } from './migrations.ts';
import { openSession, type Session } from './session.ts';
import type { Settings } from './settings.ts';

/** What a change comes to. `lastly` is called right before the commit, and after it nothing is repeated. */
export type Changed<T> = { readonly answer: T; readonly lastly?: () => void };

/** The way to one store. */
export type Sessions = {
  readonly settings: Settings;
  /** Reads in one snapshot. Undefined when there is no store. Errors: those of the contract for reads. */
  readonly read: <T>(look: (session: Session, store: StoreHead) => Promise<T>) => Promise<T | undefined>;
  /** Changes a store in one transaction; all that can be repeated is. Errors: those of the contract for changes. */
  readonly change: <T>(work: (session: Session, store: StoreHead) => Promise<Changed<T>>) => Promise<T>;
  /** Does something with a session, without a transaction. */
  readonly use: <T>(work: (session: Session) => Promise<T>) => Promise<T>;
  /** A session that is nobody else's. */
  readonly open: () => Promise<Session>;
  readonly close: () => Promise<void>;
};

const READING = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
const CHANGING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';
/** What the server ended so that others could go on is done again. */
const REPEATED: readonly (string | undefined)[] = ['40001', '40P01'];
const TRIES = 5;

/** Makes the way to a store; nothing is connected yet. */
export function makeSessions(settings: Settings): Sessions {
  const idle: Session[] = [];
  let isClosed = false;
  const borrow = async (): Promise<{ readonly session: Session; readonly isUsed: boolean }> => {
    for (let session = idle.pop(); session; session = idle.pop()) {
      if (session.lost()) continue;
      session.keepAlive(true);
      return { session, isUsed: true };
    }
    return { session: await openSession(settings), isUsed: false };
  };
  const giveBack = async (session: Session) => {
    if (session.lost()) return;
    if (isClosed) return session.close();
    // What waits for nothing keeps no process alive.
    session.keepAlive(false);
    idle.push(session);
  };
  /** Repeats what failed since the session was lost before anything could stand: it may have been idle for long. */
  const use = async <T>(work: (session: Session) => Promise<T>, isRepeatable = () => true): Promise<T> => {
    for (let triesLeft = TRIES; ; triesLeft -= 1) {
      const { session, isUsed } = await borrow();
      try {
        return await work(session);
      } catch (error) {
        const isStale = isUsed && session.lost() !== undefined;
        if (!(isStale || REPEATED.includes(readSqlState(error))) || triesLeft === 1 || !isRepeatable()) {
          throw describeError(settings.place, error);
        }
      } finally {
        await giveBack(session);
      }
    }
  };
  return {
    settings,
    use,
    read: (look) =>
      use((session) =>
        inTransaction(session, READING, async () => {
          const store = await checkStore(session, settings.place);
          return { answer: store && (await look(session, store)) };
        }),
      ),
    async change(work) {
      let isFinal = false;
      return use(
        (session) =>
          inTransaction(session, CHANGING, async () => {
            const changed = await work(session, await expectStore(session, settings.place));
            isFinal = true;
            return changed;
          }),
        () => !isFinal,
      );
    },
    open: () => openSession(settings),
    async close() {
      isClosed = true;
      await Promise.all(idle.splice(0).map((session) => session.close()));
    },
  };
}

/** Runs something in one transaction. Anything thrown rolls everything back. */
export async function inTransaction<T>(session: Session, begin: string, work: () => Promise<Changed<T>>): Promise<T> {
  const begun = session.query(begin);
  begun.catch(() => {});
  try {
    const { answer, lastly } = await work();
    await begun;
    lastly?.();
    await session.commit();
    return answer;
  } catch (error) {
    if (!session.lost()) await session.query('ROLLBACK').catch(() => {});
    throw error;
  }
}
