import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { probeLock, tryLock } from '../../src/platform/lock-file.ts';
import { probeProcess, readPidNamespace, readProcessStat } from '../../src/platform/process-probe.ts';
import { makeFolder } from '../helpers/make-folder.ts';
import { SRC, startScript } from '../helpers/start-script.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A process that holds the lock, and a child of it when asked for. */
function holdLock(path: string, options: { readonly withChild?: true } = {}) {
  const child = options.withChild
    ? `const child = spawn('sleep', ['60'], { stdio: 'ignore', detached: true }); console.log('child=' + child.pid + ';');`
    : '';
  return startScript(`
    import { spawn } from 'node:child_process';
    import { tryLock } from '${SRC}/platform/lock-file.ts';
    const lock = tryLock(${JSON.stringify(path)});
    ${child}
    console.log(lock ? 'locked' : 'refused');
    setInterval(() => lock, 60_000);
  `);
}

describe('tryLock', () => {
  it('takes a lock once, until it is released', async () => {
    await using folder = await makeFolder();
    const path = folder.at('lease.lock');
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    expect(tryLock(path)).toBeUndefined();
    lock?.release();
    const again = tryLock(path);
    expect(again).toBeDefined();
    again?.release();
    expect(readdirSync(folder.path)).toEqual(['lease.lock']);
  });

  it('is refused by a lock of another process, which notices nothing of looks', async () => {
    await using folder = await makeFolder();
    const path = folder.at('lease.lock');
    await using holder = holdLock(path);
    await holder.says('locked');
    for (let looks = 0; looks < 20; looks += 1) expect(probeLock(path)).toBe('held');
    expect(tryLock(path)).toBeUndefined();
    expect(probeLock(path)).toBe('held');
  });

  it('holds while its process is stopped, and is free once it was killed', async () => {
    await using folder = await makeFolder();
    const path = folder.at('lease.lock');
    await using holder = holdLock(path);
    await holder.says('locked');
    holder.signal('SIGSTOP');
    await waitFor('the holder is stopped', () => readProcessStat(holder.pid)?.state === 'T');
    expect(probeLock(path)).toBe('held');
    expect(tryLock(path)).toBeUndefined();
    holder.signal('SIGKILL');
    await holder.ended;
    // The kernel dropped it with the process: there is nothing to wait for.
    expect(probeLock(path)).toBe('free');
    const lock = tryLock(path);
    expect(lock).toBeDefined();
    lock?.release();
  });

  it('is not inherited by children of its process', async () => {
    await using folder = await makeFolder();
    const path = folder.at('lease.lock');
    await using holder = holdLock(path, { withChild: true });
    await holder.says('locked');
    const pid = Number(/child=(\d+);/.exec(await textOf(holder))?.[1]);
    const target = {
      pid,
      pidStartTicks: readProcessStat(pid)?.startTicks ?? 0,
      pidNamespace: readPidNamespace() ?? '',
    };
    try {
      expect(probeLock(path)).toBe('free');
      expect(probeProcess(target).process).toBe('same');
    } finally {
      process.kill(pid, 'SIGKILL');
    }
  });

  it('says so when its file cannot be made', async () => {
    await using folder = await makeFolder();
    expect(() => tryLock(folder.at('missing/lease.lock'))).toThrow(/ENOENT/);
  });
});

/** Kills a script and answers what it had said. */
async function textOf(script: ReturnType<typeof holdLock>): Promise<string> {
  script.signal('SIGKILL');
  return (await script.ended).text;
}

describe('probeLock', () => {
  it('changes nothing, not even whether the file exists', async () => {
    await using folder = await makeFolder({ 'empty.lock': '' });
    expect(probeLock(folder.at('lease.lock'))).toBe('missing');
    expect(probeLock(folder.at('empty.lock'))).toBe('free');
    expect(readdirSync(folder.path)).toEqual(['empty.lock']);
    expect(readFileSync(folder.at('empty.lock'))).toHaveLength(0);
  });

  it('does not take a file of something else for a free lock', async () => {
    await using folder = await makeFolder();
    writeFileSync(folder.at('lease.lock'), 'this is a shopping list\n'.repeat(100));
    expect(probeLock(folder.at('lease.lock'))).toBe('unreadable');
  });

  it('never keeps the lock from being taken', async () => {
    await using folder = await makeFolder({ 'lease.lock': '' });
    const path = folder.at('lease.lock');
    await using looker = startScript(`
      import { probeLock } from '${SRC}/platform/lock-file.ts';
      console.log('looking');
      for (;;) probeLock(${JSON.stringify(path)});
    `);
    await looker.says('looking');
    for (let tries = 0; tries < 30; tries += 1) {
      const lock = tryLock(path);
      expect(lock).toBeDefined();
      lock?.release();
    }
  });
});
