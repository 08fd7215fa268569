import { expectStore, migrateStore, STORE_VERSION, type StoreHead } from './migrations.ts';
import type { Session } from './session.ts';
import { inTransaction, type Sessions } from './sessions.ts';
import type { Settings } from './settings.ts';

const CHANGING = 'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE';

/** Makes the store when there is none, and brings an earlier one to this version. Errors: those of `migrateStore`. */
export async function prepareStore({ settings, use }: Sessions): Promise<void> {
  await use((session) => migrate(session, settings));
}

/**
 * The head of a store that must be there, brought to this version when it is an earlier one.
 *
 * Errors: those of `expectStore`; STATE_DENIED when its tables are somebody else's, who has to do that.
 */
export async function expectCurrentStore(session: Session, settings: Settings): Promise<StoreHead> {
  const found = await expectStore(session, settings.place);
  if (found.version < STORE_VERSION) await migrate(session, settings);
  return found;
}

async function migrate(session: Session, settings: Settings): Promise<void> {
  await inTransaction(session, CHANGING, async () => ({ answer: await migrateStore(session, settings) }));
}
