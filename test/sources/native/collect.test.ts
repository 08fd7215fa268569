import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { digestEvidence } from '../../../src/core/evidence/digest-evidence.ts';
import { RUN_TOKEN_VARIABLE } from '../../../src/platform/find-run-processes.ts';
import { tryLock } from '../../../src/platform/lock-file.ts';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import { collectEvidence } from '../../../src/sources/native/collect.ts';
import { openJobStore } from '../../../src/store/open-store.ts';
import { appendAudit } from '../../../src/store/sqlite/audit.ts';
import { updateRowsFile } from '../../../src/store/sqlite/jobs.ts';
import { readRunner, releaseLease } from '../../../src/store/sqlite/leases.ts';
import { probeLiveness } from '../../../src/store/sqlite/probe-liveness.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { startScript } from '../../helpers/start-script.ts';
import { hashFiles } from '../../helpers/state.ts';
import { lockOf, makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const NOW_MS = SEED_MS + 5_000;
const OWN = { own: readOwnIdentity(), nowMs: NOW_MS };
const collect = (state: TempState, job: { readonly id: string }, nowMs = NOW_MS) =>
  collectEvidence(state.open(nowMs), job.id);

describe('collectEvidence', () => {
  it('looks again when a runner is letting go: its lock is free, and its last word came after its record was read', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'running' });
    state.hold(job);
    tryLock(lockOf(state, job))?.release();
    const collecting = collect(state, job);
    releaseLease(state.database, job.seq, { epoch: 1, atMs: NOW_MS });
    expect((await collecting).lease).toMatchObject({ releasedAtMs: NOW_MS });
  });

  it('says all there is to say of a job, and changes nothing', async () => {
    await using state = await makeTempState();
    const spec = { receipt: { label: 'tracking' }, verify: 'sh look.sh', directory: state.path };
    const job = state.addJob({
      name: 'Orders',
      status: 'running',
      units: ['done', 'in_doubt', 'failed', 'pending'],
      spec,
    });
    state.hold(job, { identity: { ...readOwnIdentity(), pid: 2 ** 30 } });
    appendAudit(state.database, job.seq, { atMs: 0, principal: 'ops', action: 'run', outcome: 'done', details: {} });
    const before = hashFiles(state.path);
    const evidence = await collect(state, job);
    expect(hashFiles(state.path)).toEqual(before);
    expect(evidence).toMatchObject({
      job: {
        id: job.id,
        name: 'Orders',
        kind: 'batch',
        family: 'units',
        source: 'native',
        directory: `${state.path}/jobs/${job.id}`,
      },
      recorded: { status: 'running', runCount: 0, epoch: 1, lastEventAtMs: SEED_MS, lastError: { code: 'E-3001' } },
      lease: { epoch: 1, pid: 2 ** 30 },
      liveness: { host: 'same', boot: 'same', lock: 'missing', process: 'gone', heartbeatAgeMs: 5_000 },
      orphans: [],
      units: {
        unit: 'row',
        counts: { done: 1, in_doubt: 1, failed: 1, pending: 1 },
        lastDone: { number: 1, receipt: '1Z1' },
        lastFailing: { number: 3 },
        attention: [{ number: 2 }],
        doneWithReceipt: 1,
        inDoubtWithReceipt: 0,
        journalSequence: 5,
        receiptLabel: 'tracking',
        canVerify: true,
      },
      prerequisites: [{ what: 'rows_file', state: 'unchanged', path: job.rows?.path }],
      audit: { entryCount: 1, actions: ['run'] },
      collectedAtMs: NOW_MS,
    });
  });

  it('is the same evidence at any time while nothing changes', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'running', units: ['done', 'pending'] });
    state.hold(job);
    const digests = [await collect(state, job), await collect(state, job, NOW_MS + 86_400_000)].map(digestEvidence);
    expect(digests[0]).toBe(digests[1]);
    state.database.exec("UPDATE units SET receipt = 'other' WHERE number = 1");
    expect(digestEvidence(await collect(state, job))).not.toBe(digests[0]);
  });

  it('JOB_UNKNOWN: there is no such job, or no store at all', async () => {
    await using state = await makeTempState();
    await using folder = await makeFolder();
    const unknown = expect.objectContaining({ code: 'JOB_UNKNOWN' });
    await expect(collectEvidence(state.open(NOW_MS), 'bnone')).rejects.toThrow(unknown);
    await expect(collectEvidence(openJobStore(folder.at('none'), { nowMs: () => NOW_MS }), 'bnone')).rejects.toThrow(
      unknown,
    );
  });

  it('compares the rows file with what was recorded, or with what a write-back was about to make', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'stopped', units: ['pending'] });
    const path = job.rows?.path ?? '';
    const rowsFile = async () => {
      const [fact] = (await collect(state, job)).prerequisites;
      return [fact?.state, fact?.found];
    };
    expect(await rowsFile()).toEqual(['unchanged', job.rows?.sha256]);
    writeFileSync(path, 'id\nother\n');
    const [changed, found] = await rowsFile();
    expect([changed, found === job.rows?.sha256]).toEqual(['changed', false]);
    updateRowsFile(state.database, job.seq, {
      ...{ sha256: 'before', sizeBytes: 1 },
      next: { sha256: String(found), sizeBytes: 2 },
    });
    expect((await rowsFile())[0]).toBe('unchanged');
    rmSync(path);
    expect(await rowsFile()).toEqual(['missing', 'ENOENT']);
    mkdirSync(path);
    expect(await rowsFile()).toEqual(['unreadable', 'EISDIR']);
  });

  it('misses the directory of the job file when it is gone, or a file', async () => {
    await using state = await makeTempState();
    await using folder = await makeFolder({ file: 'x' });
    const missing = async (directory: string, status: 'stopped' | 'completed') => {
      const job = state.addJob({ status, spec: { directory } });
      return (await collect(state, job)).prerequisites.filter(({ what }) => what === 'job_directory');
    };
    expect(await missing(folder.path, 'stopped')).toEqual([]);
    expect(await missing(folder.at('none'), 'stopped')).toMatchObject([{ state: 'missing', found: 'ENOENT' }]);
    expect(await missing(folder.at('file'), 'stopped')).toMatchObject([{ state: 'missing', found: 'a file' }]);
    expect(await missing(folder.at('none'), 'completed')).toEqual([]);
  });

  it("misses a command that is gone or cannot be executed, and leaves to the shell what is the shell's", async () => {
    await using state = await makeTempState();
    await using folder = await makeFolder({ 'do.sh': 'exit 0', plain: 'exit 0' });
    const directory = folder.path;
    const missing = async (spec: object) => {
      const job = state.addJob({ status: 'stopped', spec: { directory, ...spec } });
      return (await collect(state, job)).prerequisites.filter(({ what }) => what === 'command');
    };
    expect(await missing({ command: 'sh do.sh {{id}}', verify: './look.sh {{id}}' })).toEqual([
      { what: 'command', path: './look.sh', state: 'missing', found: `does not exist in ${directory}` },
    ]);
    expect(await missing({ worker: './plain' })).toMatchObject([{ path: './plain', state: 'unreadable' }]);
    expect(await missing({ command: 'sh do.sh', env: { PATH: directory } })).toMatchObject([
      { path: 'sh', state: 'missing', found: 'does not exist on the PATH' },
    ]);
    expect(await missing({ command: 'if ./look.sh; then true; fi', verify: 'X=1 ./look.sh' })).toEqual([]);
  });

  it('needs nothing any more of a job that has ended', async () => {
    await using state = await makeTempState();
    for (const status of ['completed', 'cancelled'] as const) {
      const job = state.addJob({ status, spec: { directory: '/nowhere', command: './gone.sh' } });
      rmSync(job.rows?.path ?? '');
      expect((await collect(state, job)).prerequisites).toEqual([]);
    }
  });

  it('finds what outlived a dead runner, and not what a living one runs', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'running', units: ['in_doubt'] });
    const { runToken } = state.hold(job);
    await using orphan = startScript(`process.stdout.write('up'); setInterval(() => {}, 60_000);`, {
      env: { [RUN_TOKEN_VARIABLE]: runToken },
    });
    await orphan.says('up');
    expect((await collect(state, job)).orphans).toMatchObject([{ pid: orphan.pid }]);
    const lock = tryLock(lockOf(state, job));
    expect((await collect(state, job)).orphans).toEqual([]);
    state.hold(job, { runToken: 'next' });
    expect((await collect(state, job)).orphans).toMatchObject([{ pid: orphan.pid }]);
    lock?.release();
  });

  it('tells where the audit chain is broken', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    for (const action of ['run', 'resume', 'resume'])
      appendAudit(state.database, job.seq, { atMs: 0, principal: 'ops', action, outcome: 'done', details: {} });
    state.database.exec("UPDATE audit SET principal = 'eve' WHERE sequence = 2");
    expect((await collect(state, job)).audit).toMatchObject({ entryCount: 3, broken: { sequence: 2 } });
  });
});

describe('probeLiveness', () => {
  it('sees this process by its lock, its boot and its start time', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    state.hold(job);
    const lock = tryLock(lockOf(state, job));
    const probe = () => {
      const holder = readRunner(state.database, job.seq);
      return holder && probeLiveness(holder, lockOf(state, job), OWN);
    };
    expect(probe()).toMatchObject({ host: 'same', boot: 'same', lock: 'held', process: 'same', processState: 'R' });
    lock?.release();
    expect(probe()).toMatchObject({ lock: 'free', process: 'same' });
    state.database.exec('UPDATE leases SET pid_start_ticks = pid_start_ticks - 1');
    expect(probe()).toEqual({ host: 'same', boot: 'same', lock: 'free', process: 'other', heartbeatAgeMs: 5_000 });
    state.database.exec("UPDATE leases SET boot_id = 'before'");
    expect(probe()).toMatchObject({ boot: 'other', process: 'unknown' });
    state.database.exec("UPDATE leases SET boot_id = ''");
    expect(probe()).toMatchObject({ boot: 'unknown', process: 'unknown' });
  });

  it('believes of a holder elsewhere no free lock, only a held one', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    state.hold(job, { identity: { ...readOwnIdentity(), host: 'elsewhere' } });
    const holder = readRunner(state.database, job.seq);
    const path = lockOf(state, job);
    const lock = tryLock(path);
    expect(holder && probeLiveness(holder, path, OWN)).toMatchObject({ host: 'other', lock: 'held' });
    lock?.release();
    expect(holder && probeLiveness(holder, path, OWN)).toMatchObject({ lock: 'missing', process: 'unknown' });
  });

  it('keeps the end that was recorded', async () => {
    await using state = await makeTempState();
    const job = state.addJob({ status: 'stopped' });
    state.hold(job);
    releaseLease(state.database, job.seq, { epoch: 1, atMs: NOW_MS });
    expect((await collect(state, job)).lease).toMatchObject({ releasedAtMs: NOW_MS });
  });
});
