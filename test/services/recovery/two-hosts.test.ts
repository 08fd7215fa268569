/** Two hosts on one store: processes whose kernel says another host name. What is shared is the store alone. */
import { spawnSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { countStates, expectInvariants } from '../../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../../helpers/ledger-job.ts';
import { type Ended, PROGRAM, parseAnswer, pick, type RunningSalvor } from '../../helpers/salvor.ts';
import { waitFor } from '../../helpers/wait-for.ts';
import { ask, makeStoreUrl, terminateHolders } from '../helpers/postgres-store.ts';
import { waitUntil } from '../helpers/wait-until.ts';

/** Only root may make a namespace with a host name of its own, and not in every container. */
const hasNamespaces = spawnSync('unshare', ['--uts', 'true']).status === 0;

/** Salvor as another host runs it. */
function onHost(job: LedgerJob, host: string) {
  const wrap = (args: readonly string[]) => {
    const words = ['sh', '-c', 'hostname "$0" && exec "$@"', host, process.execPath, PROGRAM, ...args];
    return [words, { node: 'unshare', program: '--uts' }] as const;
  };
  return {
    start: (...args: readonly string[]): RunningSalvor => job.start(...wrap(args)),
    run: (...args: readonly string[]): Promise<Ended> => job.salvor(...wrap(args)),
  };
}

const RESUME = ['--choice', 'resume', '--yes', '--json'];
/** As if nothing had been heard of the holder for longer than a heartbeat counts. */
const AGE = 'UPDATE leases SET heartbeat_at_ms = heartbeat_at_ms - 61000 WHERE released_at_ms IS NULL';

async function readAttention(host: ReturnType<typeof onHost>): Promise<unknown> {
  return pick(parseAnswer(await host.run('list', '--all', '--json')), 'jobs.0.attention');
}

test.runIf(hasNamespaces)(
  'a job that runs on one host is seen, judged, taken over and finished on the other',
  async () => {
    const url = makeStoreUrl();
    await using job = await makeLedgerJob({ rowCount: 6, verify: true, store: url });
    const first = onHost(job, 'first');
    const second = onHost(job, 'second');
    job.act({ k3: 'pause' });
    await using running = first.start('run', 'job.yaml');
    await waitFor('row 3 has begun', () => !job.willAct('k3'));

    expect(await readAttention(second)).toBe('running');
    const refused = await second.run(...RESUME);
    expect(refused).toMatchObject({ code: 6 });
    expect(pick(parseAnswer(refused), 'error')).toMatchObject({
      code: 'RUNNER_ALIVE',
      message: expect.stringContaining('first'),
    });

    // It dies: its own host knows at once, the other when its heartbeat is old.
    running.signalGroup('SIGKILL');
    await running.ended;
    await waitUntil('its host sees it', async () => (await readAttention(first)) !== 'running');
    expect(await readAttention(second)).toBe('running');
    expect((await second.run(...RESUME)).code).toBe(6);
    await ask(url, AGE);
    expect(await readAttention(second)).toBe('in doubt');

    // The files of the job are on the first host alone.
    renameSync(job.folder.at('rows.csv'), job.folder.at('elsewhere.csv'));
    const without = await second.run(...RESUME);
    expect(without.code).toBe(3);
    expect(pick(parseAnswer(without), 'error')).toMatchObject({
      code: 'ROWS_FILE_MISSING',
      message: expect.stringContaining(job.folder.at('rows.csv')),
    });
    renameSync(job.folder.at('elsewhere.csv'), job.folder.at('rows.csv'));

    job.go();
    const recovered = await second.run(...RESUME);
    expect(recovered.code, recovered.stderr).toBe(0);
    expect(new Set(job.ledger()).size).toBe(6);
    expect(countStates(expectInvariants(url))).toEqual({ done: 6 });
    // What happened there is read here.
    expect(parseAnswer(await first.run('report', job.jobId(), '--json'))).toMatchObject({ host: 'second' });
    expect((await first.run('audit', job.jobId())).stdout).toMatch(
      /run .*\n.*refused +RUNNER_ALIVE .*\n.*refused +ROWS_FILE_MISSING .*\n.*resume +begun .*\nThe chain of 5 entries is whole/s,
    );
  },
);

test.runIf(hasNamespaces)(
  'a runner that slept while another host took its job over writes nothing when it wakes',
  async () => {
    const url = makeStoreUrl();
    await using job = await makeLedgerJob({ rowCount: 6, verify: true, store: url });
    const first = onHost(job, 'first');
    const second = onHost(job, 'second');
    job.act({ k3: 'pause' });
    await using running = first.start('run', 'job.yaml', '--json');
    await waitFor('row 3 has begun', () => !job.willAct('k3'));
    running.signal('SIGSTOP');
    expect(await terminateHolders(url)).toBe(1);
    await ask(url, AGE);
    // These two hosts share their processes too: what the row in hand left is seen, and ended.
    const recovered = await second.run(...RESUME, '--orphans', 'end');
    expect(recovered.code, recovered.stderr).toBe(0);
    const before = expectInvariants(url);
    running.signal('SIGCONT');
    const woken = await running.ended;
    expect(woken.code).not.toBe(0);
    expect(woken.stdout + woken.stderr).toMatch(/STATE_UNREACHABLE|LEASE_FENCED/);
    expect(expectInvariants(url)).toEqual(before);
  },
);

test.runIf(hasNamespaces)(
  'a job that runs on one host is stopped there, and the other host is told where',
  async () => {
    const url = makeStoreUrl();
    await using job = await makeLedgerJob({ rowCount: 6, store: url });
    const first = onHost(job, 'first');
    const second = onHost(job, 'second');
    job.act({ k3: 'pause' });
    await using running = first.start('run', 'job.yaml');
    await waitFor('row 3 has begun', () => !job.willAct('k3'));

    const refused = await second.run('--choice', 'stop', '--json');
    expect(refused, refused.stdout).toMatchObject({ code: 3 });
    const { code, message } = pick(parseAnswer(refused), 'error') as Readonly<Record<string, unknown>>;
    expect({ code, message }).toEqual({
      code: 'RUNNER_OUT_OF_REACH',
      message: expect.stringContaining('on the host first, and can be asked to stop there alone'),
    });
    await using stopping = first.start('--choice', 'stop', '--json');
    await waitFor('the runner was asked', () => running.said().stderr.includes('Stopping after the rows in hand'));
    job.go();
    const stopped = await stopping.ended;
    expect(stopped.code, stopped.stdout).toBe(0);
    expect(parseAnswer(stopped)).toMatchObject({ outcome: { status: 'stopped' }, progress_after: { done: 3 } });
    expect((await running.ended).code).toBe(143);
    // What the last host says of it is read by every other.
    expect(parseAnswer(await second.run('report', 'Shipping', '--json'))).toEqual(parseAnswer(stopped));
    expectInvariants(url);
  },
  60_000,
);
