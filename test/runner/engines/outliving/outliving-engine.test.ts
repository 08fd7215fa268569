import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openJobStore } from '../../../../src/store/open-store.ts';
import { type Folder, makeFolder } from '../../../helpers/make-folder.ts';
import { startSalvor } from '../../../helpers/salvor.ts';
import { waitUntil } from '../../../services/helpers/wait-until.ts';

const ENGINE = join(import.meta.dirname, 'outliving-engine.ts');
const SALVOR = join(import.meta.dirname, '../../../helpers/faulty-salvor.ts');

/** Rows whose keys are numbers of other rows; the second works on until it is let go. */
const FILES = {
  'rows.csv': 'id\n3\n1\n2\n',
  'effect.sh': '[ "$1" = 1 ] && while [ ! -e go ]; do sleep 0.01; done; echo "$1 $SALVOR_ATTEMPT" >> ledger\n',
  'job.yaml': 'kind: batch\nname: Far away\nrows: rows.csv\nkey: id\ncommand: sh effect.sh ${id}\n',
};

function makeJob(folder: Folder) {
  const state = folder.at('state');
  const store = () => openJobStore(state, { nowMs: Date.now });
  const look = async () => {
    const [job] = await store().find('Far away', 1);
    return job && store().look(job.id);
  };
  return {
    /** Runs or resumes the job; it dies when it comes to `point` the nth time. */
    async start(point: string, nth: number) {
      const job = await look();
      const what = job?.job.id ?? folder.at('job.yaml');
      return startSalvor([state, point, String(nth), 'alone', what, ENGINE], { program: SALVOR, cwd: folder.path });
    },
    look,
    status: async () => (await look())?.job.status,
    statuses: async () => {
      const seen = await look();
      const query = { statuses: [], offset: 0, limit: 9 };
      return (await store().units(seen?.job.id ?? '', query)).units.map(({ status }) => status);
    },
    letGo: () => writeFileSync(folder.at('go'), ''),
    begun: () => readdirSync(folder.path).filter((name) => name.startsWith('work-')).length,
    ledger: () => readFileSync(folder.at('ledger'), 'utf8').trim().split('\n'),
  };
}

test('work that outlives its runners is attached to by each, until it ends, and never begun again', async () => {
  await using folder = await makeFolder(FILES);
  const job = makeJob(folder);
  await using first = await job.start('after-reference', 2);
  await first.ended;
  expect(await job.statuses()).toEqual(['done', 'in_doubt', 'pending']);
  expect(job.begun()).toBe(2);

  await using second = await job.start('never', 1);
  await waitUntil('the second runner has it', async () => (await job.look())?.epoch === 2);
  second.signal('SIGKILL');
  await second.ended;
  expect(await job.statuses()).toEqual(['done', 'in_doubt', 'pending']);

  await using third = await job.start('never', 1);
  await waitUntil('the third runner has it', async () => (await job.look())?.epoch === 3);
  job.letGo();
  await third.ended;
  expect(await job.status()).toBe('completed');
  expect(await job.statuses()).toEqual(['done', 'done', 'done']);
  expect(job.ledger()).toEqual(['3 1', '1 1', '2 1']);
  expect(job.begun()).toBe(3);
});

test('work whose reference was not recorded is in doubt: it is under review, and not begun again', async () => {
  await using folder = await makeFolder(FILES);
  const job = makeJob(folder);
  await using first = await job.start('before-reference', 2);
  await first.ended;
  job.letGo();
  await waitUntil('the work is done', async () => job.ledger().length === 2);
  await using second = await job.start('never', 1);
  await second.ended;
  expect(await job.statuses()).toEqual(['done', 'needs_review', 'done']);
  expect(job.ledger()).toEqual(['3 1', '1 1', '2 1']);
});

test('work that is gone is under review', async () => {
  await using folder = await makeFolder(FILES);
  const job = makeJob(folder);
  await using first = await job.start('after-reference', 2);
  await first.ended;
  job.letGo();
  await waitUntil('the work is done', async () => job.ledger().length === 2);
  for (const name of readdirSync(folder.path).filter((one) => one.startsWith('work-'))) {
    rmSync(folder.at(name), { recursive: true });
  }
  await using second = await job.start('never', 1);
  await second.ended;
  expect(await job.statuses()).toEqual(['done', 'needs_review', 'pending']);
  expect(job.ledger()).toEqual(['3 1', '1 1']);
});
