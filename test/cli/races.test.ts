import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { expectInvariants } from '../helpers/invariants.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, startSalvor } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

test.concurrent('resume: of 20 at once one acts, and 19 are exit 6 and name it', async () => {
  await using job = await makeLedgerJob({ rowCount: 4, verify: true });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  job.act({ k3: 'pause' });
  const racers = Array.from({ length: 20 }, () => job.start(['--choice', 'resume', '--yes', '--json']));
  await using stack = new AsyncDisposableStack();
  for (const racer of racers) stack.use(racer);
  let endedCount = 0;
  for (const racer of racers) void racer.ended.then(() => (endedCount += 1));
  await waitFor('19 are through', () => endedCount >= 19);
  job.go();
  const ended = await Promise.all(racers.map(async (racer) => ({ pid: racer.pid, ...(await racer.ended) })));
  const [winner, ...others] = ended.filter((one) => one.code === 0);
  expect(others).toEqual([]);
  for (const loser of ended.filter((one) => one !== winner)) {
    const answer = parseAnswer(loser);
    expect(loser.code, loser.stdout).toBe(6);
    expect(pick(answer, 'error.details.holder'), loser.stdout).toMatchObject({ pid: winner?.pid, epoch: 2 });
    expect(pick(answer, 'error.message')).toContain(`process ${winner?.pid} on`);
  }
  expect(new Set(job.ledger()).size).toBe(4);
  expect(job.ledger()).toHaveLength(4);
  const { audit } = expectInvariants(job.state);
  expect(audit.filter((entry) => entry['outcome'] === 'refused')).toHaveLength(19);
});

test.concurrent('resume: whoever only looks at the lock all the time does not keep it from being taken', async () => {
  await using job = await makeLedgerJob({ rowCount: 6, verify: true });
  job.act({ k1: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  const program = fileURLToPath(new URL('../helpers/look-forever.ts', import.meta.url));
  await using looker = startSalvor([join(job.state, 'jobs', job.jobId(), 'lease.lock')], { program });
  await waitFor('it looks', () => looker.said().stdout.includes('looking'));
  for (const key of ['k2', 'k3', 'k4', 'k5']) {
    job.act({ [key]: 'before' });
    const { signal, stdout, stderr } = await job.salvor(['--choice', 'resume', '--yes', '--json']);
    expect(signal, stdout + stderr).toBe('SIGKILL');
  }
  expect((await job.salvor(['--choice', 'resume', '--yes'])).code).toBe(0);
  expect(job.ledger()).toHaveLength(6);
});

test('looking: a store that others open and close all the time is always readable', async () => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
  const program = fileURLToPath(new URL('../helpers/open-and-close.ts', import.meta.url));
  await using writer = startSalvor([job.state], { program });
  await waitFor('it writes', () => writer.said().stdout.includes('writing'));
  for (let look = 0; look < 100; look += 1) {
    // Between two looks the writer gets its turn.
    await delay(1);
    expect(queryStore(job.state, 'SELECT status FROM jobs')).toEqual([{ status: 'completed' }]);
  }
});
