/** A state directory on a file system that is full or may not be written: said as such, and nothing is lost. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { expectRefused } from '../helpers/guardrail.ts';
import { expectInvariants } from '../helpers/invariants.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { runUntil } from '../helpers/real-console.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { waitFor } from '../helpers/wait-for.ts';

function resume(job: LedgerJob, choice = 'resume'): readonly string[] {
  return ['--choice', choice, '--yes', '--job', job.jobId()];
}

describe('a file system that cannot be written', () => {
  /** A state directory on a small file system of its own, or undefined where none can be mounted. */
  function mount(job: LedgerJob, options: string): AsyncDisposable | undefined {
    mkdirSync(job.state);
    try {
      execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'none', job.state], { stdio: 'ignore' });
    } catch {
      return undefined;
    }
    return {
      [Symbol.asyncDispose]: async () => {
        execFileSync('umount', ['-l', job.state]);
      },
    };
  }

  test.concurrent('STATE_FULL: where a cancel cannot be recorded the runner is not asked to stop', async ({ skip }) => {
    await using job = await makeLedgerJob({ rowCount: 3 });
    await using mounted = mount(job, 'size=4m');
    if (!mounted) return skip('no file system can be mounted here');
    await using running = await runUntil(job, 'k2', 'pause');
    fillUp(join(job.state, 'ballast'));
    const ended = await job.salvor([...resume(job, 'cancel'), '--grace', '5s', '--json']);
    expect([ended.code, pick(parseAnswer(ended), 'error.code')]).toEqual([3, 'STATE_FULL']);
    expect(running.said().stderr).not.toContain('Stopping');
    rmSync(join(job.state, 'ballast'));
    job.go();
    expect((await running.ended).code).toBe(0);
    expect(job.ledger()).toHaveLength(3);
  });

  test.concurrent('STATE_UNWRITABLE: it is mounted read-only; looking still works', async ({ skip }) => {
    await using job = await makeLedgerJob({ rowCount: 3, verify: true });
    await using mounted = mount(job, 'size=8m');
    if (!mounted) return skip('no file system can be mounted here');
    job.act({ k2: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    execFileSync('mount', ['-o', 'remount,ro', job.state]);
    for (const args of [['list'], ['show', job.jobId()], ['audit', job.jobId()], ['--choice', 'review']]) {
      const { code, stderr } = await job.salvor(args);
      expect({ args, code }, stderr).toEqual({ args, code: 0 });
    }
    const names = [job.state];
    for (const args of [
      resume(job),
      resume(job, 'cancel'),
      ['run', 'job.yaml'],
      ['settle', job.jobId(), 'k2', '--as', 'done', '--reason', 'r'],
    ]) {
      await expectRefused(job, args, { code: 'STATE_UNWRITABLE', names, isAudited: false });
    }
  });

  test.concurrent.for<readonly [what: string, options: string, fill: (directory: string) => void, choice: string]>([
    ['no block is left', 'size=4m', (at) => fillUp(join(at, 'ballast')), 'resume'],
    ['no block is left for a cancel', 'size=4m', (at) => fillUp(join(at, 'ballast')), 'cancel'],
    ['no file can be made', 'size=4m,nr_inodes=30', useUpFiles, 'resume'],
  ])(
    'STATE_FULL: %s (%s); it is no matter of permissions, nothing is lost, and with room again it goes on',
    async ([, options, fill, choice], { skip }) => {
      await using job = await makeLedgerJob({ rowCount: 3, verify: true });
      await using mounted = mount(job, options);
      if (!mounted) return skip('no file system can be mounted here');
      job.act({ k2: 'before' });
      expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
      fill(job.state);
      const names = [job.state, 'Free space'];
      for (const args of [resume(job), resume(job, 'cancel'), ['run', 'job.yaml', '--again']]) {
        await expectRefused(job, args, { code: 'STATE_FULL', names: [job.state], isAudited: false });
        const { stderr } = await job.salvor(args);
        for (const name of names) expect(stderr).toContain(name);
        expect(stderr).toContain('no room is left');
        expect(stderr).not.toContain('permission');
      }
      const doctor = await job.salvor(['doctor']);
      expect([doctor.code, doctor.stdout]).toEqual([3, expect.stringMatching(/^broken +state .*no room is left/m)]);
      for (const name of readdirSync(job.state)) if (name.startsWith('ballast')) rmSync(join(job.state, name));
      expect((await job.salvor(resume(job, choice))).code).toBe(0);
      expect(job.ledger()).toHaveLength(choice === 'cancel' ? 1 : 3);
      expect((await job.salvor(['audit', job.jobId()])).code).toBe(0);
    },
  );

  test.concurrent('STATE_FULL: there is no room for a store; with room again the run is made', async ({ skip }) => {
    await using job = await makeLedgerJob({ rowCount: 3 });
    await using mounted = mount(job, 'size=1m');
    if (!mounted) return skip('no file system can be mounted here');
    fillUp(join(job.state, 'ballast'));
    const ended = await job.salvor(['run', 'job.yaml', '--json']);
    expect({ exit: ended.code, code: pick(parseAnswer(ended), 'error.code') }).toEqual({ exit: 3, code: 'STATE_FULL' });
    expect(job.ledger()).toEqual([]);
    rmSync(join(job.state, 'ballast'));
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    expect(job.ledger()).toHaveLength(3);
  });

  test.concurrent('a disk that fills up while a row is in hand ends the run with exit 5; nothing is lost or done twice', async ({
    skip,
  }) => {
    await using job = await makeLedgerJob({ rowCount: 3, verify: true });
    await using mounted = mount(job, 'size=4m');
    if (!mounted) return skip('no file system can be mounted here');
    job.act({ k1: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    job.act({ k2: 'pause' });
    await using resuming = job.start([...resume(job), '--json']);
    await waitFor('the second row is in hand', () => job.events('intent').includes(2) && !job.willAct('k2'));
    fillUp(join(job.state, 'ballast'));
    job.go();
    const ended = await resuming.ended;
    expect(ended.code, ended.stderr).toBe(5);
    expect(pick(parseAnswer(ended), 'outcome')).toMatchObject({ status: 'failed', exit_code: 5 });
    expect(ended.stdout).toContain('STATE_FULL');
    rmSync(join(job.state, 'ballast'));
    expectInvariants(job.state);
    expect((await job.salvor(resume(job))).code).toBe(0);
    expect(job.ledger()).toHaveLength(3);
    expect(new Set(job.ledger()).size).toBe(3);
  });

  /** Makes empty files until there can be no more. */
  function useUpFiles(directory: string): void {
    for (let count = 0; ; count += 1) {
      try {
        writeFileSync(join(directory, `ballast${count}`), '');
      } catch {
        return;
      }
    }
  }

  function fillUp(path: string): void {
    for (const size of [65_536, 4096, 512, 1]) {
      try {
        for (;;) appendFileSync(path, Buffer.alloc(size));
      } catch {
        // Full at this size; smaller pieces may still fit.
      }
    }
    expect(existsSync(path)).toBe(true);
  }
});
