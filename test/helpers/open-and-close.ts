/** A program that opens a store for writing, changes it and closes it, again and again: `node open-and-close.ts STATE`. */
import { changeStore, openStore } from '../../src/store/sqlite/database.ts';

const [stateDirectory = ''] = process.argv.slice(2);
process.stdout.write('writing\n');
for (;;) {
  const database = openStore(stateDirectory);
  changeStore(database, () => database.exec('UPDATE jobs SET active_at_ms = active_at_ms + 1'));
  database.close();
}
