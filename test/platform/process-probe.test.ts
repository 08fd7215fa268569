import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { describe, expect, it } from 'vitest';
import { endProcesses } from '../../src/platform/end-processes.ts';
import { findOrphans } from '../../src/platform/find-orphans.ts';
import { RUN_TOKEN_VARIABLE, UNIT_NUMBER_VARIABLE } from '../../src/platform/find-run-processes.ts';
import {
  findProcessesByEnvironment,
  listPids,
  probeProcess,
  readOwnIdentity,
  readProcessStat,
} from '../../src/platform/process-probe.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** A process of this environment, killed with its whole group at the end of the scope. */
function start(
  command: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Disposable & { readonly pid: number } {
  const [file = '', ...args] = command;
  const child = spawn(file, args, { stdio: 'ignore', detached: true, env: { ...process.env, ...env } });
  const pid = child.pid ?? 0;
  if (pid < 2) throw new Error(`${file} did not start`);
  return {
    pid,
    [Symbol.dispose]: () => {
      try {
        process.kill(-pid, 'SIGKILL');
      } catch {
        // Gone already.
      }
    },
  };
}

/** What is recorded of a living process. */
function identify(pid: number) {
  const { pidNamespace } = readOwnIdentity();
  return { pid, pidNamespace, pidStartTicks: readProcessStat(pid)?.startTicks ?? 0 };
}

describe('readOwnIdentity', () => {
  it('is this process on this host, and the same at any time', () => {
    const own = readOwnIdentity();
    expect(own).toMatchObject({ host: hostname(), pid: process.pid });
    expect(own.pidStartTicks).toBeGreaterThan(0);
    expect(own.bootId).toMatch(/^[0-9a-f-]{36}$/);
    expect(readOwnIdentity()).toEqual(own);
  });
});

describe('probeProcess', () => {
  it('knows a process again by its start time, and says in which state it is', async () => {
    using child = start(['sleep', '60']);
    const recorded = identify(child.pid);
    expect(probeProcess(recorded)).toMatchObject({ process: 'same' });
    process.kill(child.pid, 'SIGSTOP');
    await waitFor('it is stopped', () => probeProcess(recorded).state === 'T');
    expect(probeProcess(recorded)).toEqual({ process: 'same', state: 'T', canSignal: true });
  });

  it('sees that a pid belongs to another process now', () => {
    using child = start(['sleep', '60']);
    const recorded = identify(child.pid);
    expect(probeProcess({ ...recorded, pidStartTicks: recorded.pidStartTicks - 1 })).toEqual({ process: 'other' });
  });

  it('takes a zombie for gone', async () => {
    // The shell becomes a sleep that never asks how its child ended.
    using parent = start(['sh', '-c', 'sh -c "exit 0" & exec sleep 60']);
    const zombie = await waitFor('there is a zombie', () =>
      (listPids() ?? []).find((pid) => {
        const stat = readProcessStat(pid);
        return stat?.parentPid === parent.pid && stat.state === 'Z';
      }),
    );
    expect(probeProcess(identify(zombie))).toEqual({ process: 'gone' });
  });

  it('says nothing of a pid that was counted in another namespace', () => {
    expect(probeProcess({ ...readOwnIdentity(), pidNamespace: 'pid:[1]' })).toEqual({ process: 'unknown' });
  });

  it('reads the fields of a process whose name has spaces and parentheses', async () => {
    using child = start([process.execPath, '-e', 'process.title = "a) R 1 (b"; setInterval(() => {}, 60000)']);
    const { startTicks } = readProcessStat(child.pid) ?? {};
    await waitFor('it has its name', () => readFileSync(`/proc/${child.pid}/comm`, 'utf8') === 'a) R 1 (b\n');
    expect(readProcessStat(child.pid)).toMatchObject({ startTicks, parentPid: process.pid });
  });
});

describe('findProcessesByEnvironment', () => {
  it('finds processes by a whole entry, never this one', () => {
    const token = `token-${process.pid}-entry`;
    using child = start(['sleep', '61'], { [RUN_TOKEN_VARIABLE]: token });
    using _other = start(['sleep', '62'], { [RUN_TOKEN_VARIABLE]: `${token}0` });
    const found = findProcessesByEnvironment(new Set([`${RUN_TOKEN_VARIABLE}=${token}`]));
    expect(found).toMatchObject([{ pid: child.pid, parentPid: process.pid, command: 'sleep 61' }]);
    expect(found[0]?.environment.get(RUN_TOKEN_VARIABLE)).toBe(token);
    expect(found[0]?.pidStartTicks).toBe(readProcessStat(child.pid)?.startTicks);
  });
});

describe('findOrphans', () => {
  it('finds the topmost of what carries a token, with the unit it works on', async () => {
    const token = `token-${process.pid}-orphans`;
    using child = start(['sh', '-c', 'sleep 63; exit'], { [RUN_TOKEN_VARIABLE]: token, [UNIT_NUMBER_VARIABLE]: '48' });
    await waitFor('its child runs', () =>
      (listPids() ?? []).some((pid) => readProcessStat(pid)?.parentPid === child.pid),
    );
    expect(findOrphans([token])).toEqual([
      {
        pid: child.pid,
        pidStartTicks: identify(child.pid).pidStartTicks,
        command: 'sh -c sleep 63; exit',
        unitNumber: 48,
      },
    ]);
  });

  it.each(['0', '-1', '1.5', 'x'])('believes no unit number %s', (unit) => {
    const token = `token-${process.pid}-unit-${unit}`;
    using child = start(['sleep', '64'], { [RUN_TOKEN_VARIABLE]: token, [UNIT_NUMBER_VARIABLE]: unit });
    expect(findOrphans([token])).toEqual([{ pid: child.pid, pidStartTicks: expect.any(Number), command: 'sleep 64' }]);
  });

  it('finds nothing without tokens, and nothing that has ended', async () => {
    expect(findOrphans([])).toEqual([]);
    const token = `token-${process.pid}-ended`;
    using child = start(['sleep', '65'], { [RUN_TOKEN_VARIABLE]: token });
    await endProcesses([identify(child.pid)], 5_000);
    expect(findOrphans([token])).toEqual([]);
  });
});

describe('endProcesses', () => {
  it('ends one that listens to SIGTERM', async () => {
    using child = start(['sleep', '66']);
    const target = identify(child.pid);
    expect(await endProcesses([target], 5_000)).toEqual([]);
    expect(probeProcess(target).process).not.toBe('same');
  });

  it('kills one that does not', async () => {
    using child = start(['sh', '-c', 'trap "" TERM; while :; do sleep 67; done']);
    await waitFor('it ignores SIGTERM', () =>
      (listPids() ?? []).some((pid) => readProcessStat(pid)?.parentPid === child.pid),
    );
    const target = identify(child.pid);
    expect(await endProcesses([target], 60)).toEqual([]);
    expect(probeProcess(target).process).not.toBe('same');
  });

  it('kills one that is stopped', async () => {
    using child = start(['sleep', '68']);
    const target = identify(child.pid);
    process.kill(child.pid, 'SIGSTOP');
    expect(await endProcesses([target], 60)).toEqual([]);
  });

  it('leaves alone what has the pid now', async () => {
    using child = start(['sleep', '69']);
    const target = identify(child.pid);
    expect(await endProcesses([{ ...target, pidStartTicks: target.pidStartTicks - 1 }], 5_000)).toEqual([]);
    expect(probeProcess(target).process).toBe('same');
  });

  it('has nothing to wait for when nothing is left', async () => {
    expect(await endProcesses([], 60_000)).toEqual([]);
  });
});
