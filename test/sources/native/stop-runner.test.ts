import { describe, expect, it } from 'vitest';
import { readOwnIdentity, readProcessStat } from '../../../src/platform/process-probe.ts';
import { canAsk, type StopWait, stopRunner } from '../../../src/sources/native/stop-runner.ts';
import { readRunner, releaseLease } from '../../../src/store/sqlite/leases.ts';
import { NOBODY } from '../../helpers/other-user.ts';
import { SAMPLE_HOLDER } from '../../helpers/sample-evidence.ts';
import { type RunningScript, runScript, SRC, startScript } from '../../helpers/start-script.ts';
import { makeTempState, SEED_MS } from '../../helpers/temp-state.ts';

const AT_MS = SEED_MS + 60_000;

describe('stopRunner', () => {
  /** Records a process as the runner of a job, and asks it to stop. */
  async function stop(runner: RunningScript, change: Partial<ReturnType<typeof readOwnIdentity>>, wait: StopWait) {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'running' });
    const pidStartTicks = readProcessStat(runner.pid)?.startTicks ?? 0;
    state.hold(job, { identity: { ...readOwnIdentity(), pid: runner.pid, pidStartTicks, ...change } });
    return stopRunner(readRunner(state.database, job.seq), wait);
  }

  const start = async (onTerm: string) => {
    const runner = startScript(
      `process.on('SIGTERM', () => { ${onTerm} }); setInterval(() => {}, 60_000); console.log('up');`,
    );
    await runner.says('up');
    return runner;
  };

  it('waits until a runner that listens has stopped', async () => {
    await using runner = await start('process.exit(0);');
    expect(await stop(runner, {}, { graceMs: 10_000 })).toBe('stopped');
    expect((await runner.ended).code).toBe(0);
  });

  it('leaves a runner that does not stop to what fences it', async () => {
    await using runner = await start('');
    expect(await stop(runner, {}, { graceMs: 50 })).toBe('still_running');
    expect(readProcessStat(runner.pid)).toBeDefined();
  });

  it('signals nobody that it cannot be sure of', async () => {
    await using runner = await start("console.log('signalled'); process.exit(9);");
    expect(await stop(runner, { host: 'elsewhere' }, { graceMs: 10_000 })).toBe('out_of_reach');
    expect(await stop(runner, { bootId: 'before' }, { graceMs: 10_000 })).toBe('out_of_reach');
    expect(await stop(runner, { pidNamespace: 'pid:[1]' }, { graceMs: 10_000 })).toBe('out_of_reach');
    expect(await stop(runner, { pidStartTicks: 1 }, { graceMs: 10_000 })).toBe('not_running');
    expect(readProcessStat(runner.pid)).toBeDefined();
    runner.signal('SIGKILL');
    expect((await runner.ended).text).not.toContain('signalled');
  });

  it('has nobody to stop of a job that was never begun, or let go', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    expect(await stopRunner(readRunner(state.database, job.seq), { graceMs: 10_000 })).toBe('not_running');
    state.hold(job);
    releaseLease(state.database, job.seq, { epoch: 1, atMs: AT_MS });
    expect(await stopRunner(readRunner(state.database, job.seq), { graceMs: 10_000 })).toBe('not_running');
  });

  it.runIf(process.geteuid?.() === 0)('asks nobody who is another user', async () => {
    await using runner = await start("console.log('signalled'); process.exit(9);");
    const pidStartTicks = readProcessStat(runner.pid)?.startTicks ?? 0;
    const holder = { ...SAMPLE_HOLDER, ...readOwnIdentity(), pid: runner.pid, pidStartTicks };
    expect(canAsk(holder)).toBe(true);
    const asking = await runScript(`
      import { stopRunner } from '${SRC}/sources/native/stop-runner.ts';
      process.setuid(${NOBODY});
      console.log(await stopRunner(${JSON.stringify(holder)}, { graceMs: 10_000 }));
    `);
    expect(asking.text.trim()).toBe('out_of_reach');
    runner.signal('SIGKILL');
    expect((await runner.ended).text).not.toContain('signalled');
  });

  it('waits no longer when it is given up', async () => {
    await using runner = await start("console.log('asked');");
    const giveUp = new AbortController();
    const asking = stop(runner, {}, { graceMs: 60_000, giveUp: giveUp.signal });
    await runner.says('asked');
    giveUp.abort();
    expect(await asking).toBe('still_running');
  });
});
