import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readProcessStat } from '../../src/platform/process-probe.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, type RunningSalvor } from '../helpers/salvor.ts';
import { alterStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

const RESUME = ['--choice', 'resume', '--yes', '--json'];

/** What the three ways of asking say of the only job. */
async function ask(job: LedgerJob) {
  const [shown, all, needing, resumed] = await Promise.all([
    job.salvor(['show', job.jobId(), '--json']),
    job.salvor(['list', '--all', '--json']),
    job.salvor(['list', '--json']),
    job.salvor([...RESUME, '--job', job.jobId()]),
  ]);
  return {
    show: pick(parseAnswer(shown), 'verdict'),
    list: pick(parseAnswer(all), 'jobs.0.verdict'),
    needing: pick(parseAnswer(needing), 'jobs.0.attention'),
    code: resumed.code,
    error: pick(parseAnswer(resumed), 'error.code'),
  };
}

const ALIVE = { show: 'alive', list: 'alive', needing: 'running', code: 6, error: 'RUNNER_ALIVE' };
const STALLED = { show: 'stalled', list: 'stalled', needing: 'stalled', code: 6, error: 'RUNNER_ALIVE' };
const HOUR_MS = 3_600_000;

describe('a runner that lives is never called interrupted', () => {
  let job: LedgerJob;
  let runner: RunningSalvor;
  let lease: Readonly<Record<string, unknown>>;
  beforeAll(async () => {
    job = await makeLedgerJob({ rowCount: 2 });
    job.act({ k1: 'pause' });
    runner = job.start(['run', 'job.yaml']);
    await waitFor('the first row is in hand', () => job.events('intent').length > 0);
    lease = { pid: runner.pid, host: 'same' };
  });
  afterAll(async () => {
    await runner[Symbol.asyncDispose]();
    await job[Symbol.asyncDispose]();
  });

  /** Asks while a column of the lease says something else. */
  async function askWith(assignment: string, restore: string) {
    expect(alterStore(job.state, `UPDATE leases SET ${assignment}`)).toBe(1);
    try {
      return await ask(job);
    } finally {
      alterStore(job.state, `UPDATE leases SET ${restore}`);
    }
  }

  test('its record is as it is', async () => {
    expect(await ask(job)).toEqual(ALIVE);
  });

  test('its heartbeat is an hour ahead, as after a clock was set back', async () => {
    const [by, back] = [HOUR_MS, -HOUR_MS];
    expect(
      await askWith(`heartbeat_at_ms = heartbeat_at_ms + ${by}`, `heartbeat_at_ms = heartbeat_at_ms + ${back}`),
    ).toEqual(ALIVE);
  });

  test('its heartbeat is late: it is stalled', async () => {
    const late = 'heartbeat_at_ms = heartbeat_at_ms - 120000';
    expect(await askWith(late, 'heartbeat_at_ms = heartbeat_at_ms + 120000')).toEqual(STALLED);
  });

  test('it is stopped by SIGSTOP: it is stalled', async () => {
    runner.signal('SIGSTOP');
    await waitFor('it is stopped', () => readProcessStat(runner.pid)?.state === 'T');
    try {
      expect(await ask(job)).toEqual(STALLED);
    } finally {
      runner.signal('SIGCONT');
    }
  });

  test('its pid and start time are recorded as those of another living process', async () => {
    const ticks = readProcessStat(process.pid)?.startTicks ?? 0;
    const own = readProcessStat(runner.pid)?.startTicks ?? 0;
    const seen = await askWith(
      `pid = ${process.pid}, pid_start_ticks = ${ticks}`,
      `pid = ${lease['pid']}, pid_start_ticks = ${own}`,
    );
    expect(seen).toEqual(ALIVE);
  });

  test('its start time is recorded as another', async () => {
    const seen = await askWith('pid_start_ticks = pid_start_ticks + 1', 'pid_start_ticks = pid_start_ticks - 1');
    expect(seen).toEqual(ALIVE);
  });

  test('its pid is counted in another namespace', async () => {
    const seen = await askWith(`pid_namespace = 'x' || pid_namespace`, 'pid_namespace = substr(pid_namespace, 2)');
    expect(seen).toEqual(ALIVE);
  });

  test('its boot is recorded as another: its lock still says that it lives', async () => {
    const { show, code, error } = await askWith(`boot_id = 'x' || boot_id`, 'boot_id = substr(boot_id, 2)');
    expect({ show, code, error }).toEqual({ show: 'alive', code: 6, error: 'RUNNER_ALIVE' });
  });

  test('its host is recorded as another, with a fresh heartbeat', async () => {
    expect(await askWith(`host = 'x' || host`, 'host = substr(host, 2)')).toEqual(ALIVE);
  });

  test('its lock file is gone: it cannot be told, and nothing is done', async () => {
    rmSync(join(job.state, 'jobs', job.jobId(), 'lease.lock'));
    expect(await ask(job)).toEqual({
      show: 'unknown',
      list: 'unknown',
      needing: 'in doubt',
      code: 3,
      error: 'LIVENESS_UNKNOWN',
    });
  });
});

describe('a runner that was killed', () => {
  async function makeDead(): Promise<LedgerJob> {
    const job = await makeLedgerJob({ rowCount: 2 });
    job.act({ k1: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    return job;
  }

  async function showVerdict(job: LedgerJob): Promise<unknown> {
    const shown = parseAnswer(await job.salvor(['show', job.jobId(), '--json']));
    const listed = parseAnswer(await job.salvor(['list', '--json']));
    expect(pick(listed, 'jobs.0.verdict')).toBe(pick(shown, 'verdict'));
    return pick(shown, 'verdict');
  }

  test.concurrent.each([
    ['its heartbeat is an hour ahead', `heartbeat_at_ms = heartbeat_at_ms + ${HOUR_MS}`, 'interrupted'],
    ['its heartbeat is fresh', 'heartbeat_at_ms = 1000 * unixepoch()', 'interrupted'],
    ['its pid is reused by another process', `pid = ${process.pid}`, 'interrupted'],
    ['it ran before the last boot', `boot_id = 'another', heartbeat_at_ms = heartbeat_at_ms - 61000`, 'interrupted'],
    ['its boot is another one and its heartbeat is fresh: it cannot be told', `boot_id = 'another'`, 'unknown'],
    [
      'its pid and start time are those of a living process: it cannot be told',
      `pid = ${process.pid}, pid_start_ticks = ${readProcessStat(process.pid)?.startTicks}`,
      'unknown',
    ],
    [
      'it was on another host with a fresh heartbeat',
      `host = 'elsewhere', heartbeat_at_ms = 1000 * unixepoch()`,
      'alive',
    ],
    ['it was on another host with an old heartbeat', `host = 'elsewhere', heartbeat_at_ms = 1000`, 'interrupted'],
    [
      'it was on another host with a heartbeat from the future: it cannot be told',
      `host = 'elsewhere', heartbeat_at_ms = 1000 * unixepoch() + ${HOUR_MS}`,
      'unknown',
    ],
  ])('%s', async (_what, assignment, verdict) => {
    await using job = await makeDead();
    expect(alterStore(job.state, `UPDATE leases SET ${assignment}`)).toBe(1);
    if (verdict === 'alive')
      expect(pick(parseAnswer(await job.salvor(['list', '--all', '--json'])), 'jobs.0.verdict')).toBe(verdict);
    else expect(await showVerdict(job)).toBe(verdict);
    if (verdict === 'interrupted') return;
    const { code } = await job.salvor([...RESUME, '--job', job.jobId()]);
    expect(code).toBe(verdict === 'alive' ? 6 : 3);
    expect(job.ledger()).toEqual([]);
  });

  test.concurrent('of a fresh heartbeat from another host nobody says that it holds a lock, and until when it counts', async () => {
    await using job = await makeDead();
    expect(alterStore(job.state, `UPDATE leases SET host = 'beta', heartbeat_at_ms = 1000 * unixepoch()`)).toBe(1);
    const shown = await job.salvor(['show', job.jobId()]);
    expect(shown.stdout).toMatch(
      /running by its heartbeat alone: process \d+ on beta .*; unless .* counts as dead from/,
    );
    expect(shown.stdout).toMatch(/may hold the job: it was last heard of at/);
    expect(shown.stdout).not.toMatch(/holds the job/);
  });
});
