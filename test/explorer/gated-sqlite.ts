/** Takes the place of `node:sqlite` in the thread of an actor: it waits for its turn before every transaction. */
import { DatabaseSync as SystemDatabase } from 'node:sqlite';
import { checkAlive, forget, gate, keepOpen } from './gate.ts';

const inStore = new Set<SystemDatabase>();

export class DatabaseSync extends SystemDatabase {
  constructor(...[path, options = {}]: ConstructorParameters<typeof SystemDatabase>) {
    checkAlive();
    super(path, options);
    keepOpen(this);
    // A held lock is a transaction without an end.
    if (!String(path).endsWith('.lock')) inStore.add(this);
  }

  override exec(sql: string): void {
    const begins = /\bBEGIN( IMMEDIATE)?(?=$|;)/.exec(sql)?.[0];
    // Nobody waits in the middle of a transaction: the others would wait for its end.
    if (begins !== undefined && ![...inStore].some(({ isTransaction }) => isTransaction)) {
      gate(begins === 'BEGIN' ? (inStore.has(this) ? 'look' : 'probe') : 'change');
    }
    checkAlive();
    super.exec(sql);
  }

  override close(): void {
    inStore.delete(this);
    forget(this);
    if (this.isOpen) super.close();
  }
}
