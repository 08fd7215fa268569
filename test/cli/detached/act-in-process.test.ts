import { expect, test } from 'vitest';
import { actInProcess } from '../../../src/cli/detached/act-in-process.ts';
import { makeSession } from '../../../src/core/session/make-session.ts';
import { systemClock } from '../../../src/platform/clock.ts';
import { makeNativePlace } from '../../../src/sources/native/read.ts';
import { openJobStore } from '../../../src/store/open-store.ts';
import { ANYBODY } from '../../helpers/evidence-builders.ts';
import { countStates, expectInvariants } from '../../helpers/invariants.ts';
import { makeLedgerJob } from '../../helpers/ledger-job.ts';
import { PROGRAM } from '../../helpers/salvor.ts';

test('actInProcess: a stop that is sent before the process has looked at the job is heard, and no row is begun', async () => {
  await using job = await makeLedgerJob({ rowCount: 3, verify: true });
  job.act({ k1: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  const place = makeNativePlace(openJobStore(job.state, systemClock));
  const { start } = actInProcess({
    config: {
      stateDirectory: job.state,
      stateNamed: true,
      principal: ANYBODY.principal,
      readOnly: false,
      noColor: true,
      answers: {},
      json: true,
    },
    programPath: PROGRAM,
    stopGraceMs: 0,
    detach: false,
  })({ jobs: place, path: job.state, source: 'native' });
  const session = makeSession(job.jobId(), {
    reader: place,
    clock: systemClock,
    authority: ANYBODY,
    actuator: { start, settle: () => Promise.reject(new Error()), recordRefusal: async () => {} },
  });
  session.send({ type: 'inspect' });
  session.send({ type: 'choose', choice: 'resume' });
  await session.idle();
  const planned = session.snapshot();
  const planDigest = planned.stage === 'planned' ? planned.plan.digest : '';
  const { principal } = ANYBODY;
  session.subscribe(() => {
    const state = session.snapshot();
    if (state.stage === 'executing' && !state.stopping) session.send({ type: 'stop' });
  });
  session.send({ type: 'approve', consent: { planDigest, principal, atMs: systemClock.nowMs(), form: 'flag' } });
  await session.idle();
  expect(session.snapshot()).toMatchObject({ stage: 'reported', report: { outcome: { status: 'stopped' } } });
  const { jobs } = expectInvariants(job.state);
  expect(jobs).toMatchObject([{ status: 'stopped' }]);
  expect(job.ledger()).toEqual([]);
  expect(countStates(expectInvariants(job.state))).toEqual({ in_doubt: 1, pending: 2 });
});
