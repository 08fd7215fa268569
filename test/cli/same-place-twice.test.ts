import { symlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';

test('a place that is named twice, or by a link too, is one: its job is listed once and means one', async () => {
  await using job = await makeLedgerJob({ rowCount: 2 });
  job.act({ k2: 'refuse' });
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(5);
  const link = job.folder.at('link');
  symlinkSync(job.state, link);
  const say = (...args: readonly string[]) => runSalvor(args, { cwd: job.folder.path });
  const places = [job.state, link, `${job.state}/`, './state'];
  const listed = parseAnswer(await say('list', ...places, '--json'));
  expect([pick(listed, 'total'), pick(listed, 'jobs.0.id')]).toEqual([1, job.jobId()]);
  const shown = await say('show', 'Shipping', ...places, '--json');
  expect(shown.code, shown.stderr).toBe(0);
  const resumed = await say('--choice', 'resume', link, job.state);
  expect(resumed.code, resumed.stderr).toBe(0);
  expect(job.ledger()).toHaveLength(2);
});
