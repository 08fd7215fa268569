import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { crossPoint, dieAt, expectRecovered, WRITE_BACK } from '../helpers/crash-matrix.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';

// Every point with every kind of job is crossed by `npm run test:crash`.
test.concurrent.each(['after-intent', 'before-receipt', 'after-receipt', 'after-effect', 'after-last-word'])(
  'a run that dies at %s is recovered: every row is shipped once',
  async (point) => {
    await crossPoint({ verify: true }, { point });
  },
);

test.concurrent('after-rename: a rows file that was replaced and not recorded is recognised, and written whole', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, more: WRITE_BACK });
  await dieAt(job, { point: 'after-rename' }, 'job.yaml');
  await expectRecovered(job);
  expect(readFileSync(job.folder.at('rows.csv'), 'utf8')).toBe(
    'id,customer,tracking,state\nk1,Customer 1,1Zk1,done\nk2,Customer 2,1Zk2,done\nk3,Customer 3,1Zk3,done\n',
  );
});

test.concurrent('before-rename: the rows file is whole, and the recovery leaves nothing half written beside it', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, more: WRITE_BACK });
  const before = readFileSync(job.folder.at('rows.csv'), 'utf8');
  await dieAt(job, { point: 'before-rename' }, 'job.yaml');
  expect(readFileSync(job.folder.at('rows.csv'), 'utf8')).toBe(before);
  await expectRecovered(job);
  expect(readFileSync(job.folder.at('rows.csv'), 'utf8')).toContain('k3,Customer 3,1Zk3,done\n');
  expect(readdirSync(job.folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});
