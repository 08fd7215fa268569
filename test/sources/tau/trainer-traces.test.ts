/** A trainer that Salvor started is known, whatever it did to what it was started with: no second one is started beside it. */
import { spawn } from 'node:child_process';
import { chownSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isAlive } from '../../../src/platform/end-processes.ts';
import { readOwnIdentity, readProcessStat } from '../../../src/platform/process-probe.ts';
import { findTrainers } from '../../../src/sources/tau/find-trainers.ts';
import { type Ended, parseAnswer, pick, runSalvor, startSalvor } from '../../helpers/salvor.ts';
import { copyTauFixture, type TauFolder } from '../../helpers/tau-directory.ts';
import { waitFor } from '../../helpers/wait-for.ts';

/** Drops the environment, the marked descriptor or neither, says that it is there, and trains until it is ended. */
const shapes = {
  'cleared its environment': (folder: TauFolder) => `exec env -i ${PATH} sh -c '${train(folder)}'`,
  'cleared its environment and closed the descriptor': (folder: TauFolder) =>
    `exec env -i ${PATH} sh -c '${train(folder)}' 3<&-`,
  'left a child that dropped both': (folder: TauFolder) => `env -i ${PATH} sh -c '${train(folder)}' 3<&- & exit 0`,
};
const PATH = `PATH="$PATH"`;
const at = (folder: TauFolder, name: string) => join(dirname(folder.path), name);
const train = (folder: TauFolder) => `echo $$ >> ${at(folder, 'begun')}; exec sleep 1000`;
const begun = (folder: TauFolder) =>
  existsSync(at(folder, 'begun')) ? readFileSync(at(folder, 'begun'), 'utf8').trim().split('\n').map(Number) : [];
const act = (folder: TauFolder, choice: string, ...rest: readonly string[]) =>
  runSalvor(['--choice', choice, folder.path, '--json', ...rest], { env: folder.env });
const listed = async (folder: TauFolder) =>
  pick(parseAnswer(await runSalvor(['list', '--all', folder.path, '--json'], { env: folder.env })), 'jobs.0');
const code = (ended: Ended) => pick(parseAnswer(ended), 'error.code');

async function startTrainer(folder: TauFolder, command: string, ...rest: readonly string[]) {
  const salvor = startSalvor(['--choice', 'resume', folder.path, '--exec', command, ...rest], { env: folder.env });
  await waitFor('the trainer trains', () => begun(folder).length === 1 && begun(folder)[0] !== 0);
  const [pid = 0] = begun(folder);
  const pidStartTicks = readProcessStat(pid)?.startTicks ?? 0;
  const isTraining = () => isAlive({ pid, pidStartTicks });
  return {
    salvor,
    isTraining,
    [Symbol.asyncDispose]: async () => {
      if (isTraining()) process.kill(pid, 'SIGKILL');
      await salvor[Symbol.asyncDispose]();
    },
  };
}

describe.each(Object.entries(shapes))('a trainer that %s', (what, command) => {
  const isDaemon = what.startsWith('left');

  it.each(isDaemon ? (['died'] as const) : (['waits', 'died', 'detached'] as const))(
    'is running while its Salvor %s: no second one is started, and cancel ends it',
    async (salvorIs) => {
      using folder = copyTauFixture('crashed-primary');
      await using trainer = await startTrainer(
        folder,
        command(folder),
        ...(salvorIs === 'detached' ? ['--detach'] : []),
      );
      if (salvorIs === 'died') trainer.salvor.signal('SIGKILL');
      if (salvorIs !== 'waits') await trainer.salvor.ended;
      expect(await listed(folder)).toMatchObject({ verdict: 'alive' });
      for (const choice of ['resume', 'rollback']) {
        const rest = choice === 'resume' ? ['--exec', train(folder)] : ['--checkpoint', 'primary'];
        const ended = await act(folder, choice, ...rest);
        expect({ exit: ended.code, code: code(ended) }).toEqual({ exit: 6, code: 'RUNNER_ALIVE' });
      }
      expect(begun(folder)).toHaveLength(1);
      expect((await act(folder, 'cancel', '--grace', '10s')).code).toBe(0);
      expect(trainer.isTraining()).toBe(false);
      expect(await listed(folder)).toMatchObject({ verdict: 'cancelled' });
    },
  );
});

describe('the record of a trainer', () => {
  it('comes before its command: when it cannot be written, nothing begins', async () => {
    using folder = copyTauFixture('crashed-primary');
    mkdirSync(join(folder.path, 'salvor-trainer.json'));
    for (const rest of [[], ['--detach']]) {
      const ended = await act(folder, 'resume', '--exec', train(folder), ...rest);
      expect(ended.code, ended.stdout).not.toBe(0);
      expect(pick(parseAnswer(ended), 'error.message')).toMatch(
        /no trainer was started|the trainer could not be started/,
      );
    }
    expect(begun(folder)).toEqual([]);
  });

  it('is no trace without the descriptor and the environment when it is of another boot', async () => {
    using folder = copyTauFixture('crashed-primary');
    await using trainer = await startTrainer(
      folder,
      shapes['cleared its environment and closed the descriptor'](folder),
    );
    trainer.salvor.signal('SIGKILL');
    await trainer.salvor.ended;
    const record = folder.readJson('salvor-trainer.json');
    folder.write('salvor-trainer.json', JSON.stringify({ ...record, boot_id: 'another' }));
    expect(await listed(folder)).toMatchObject({ verdict: 'interrupted' });
    folder.write('salvor-trainer.json', JSON.stringify({ ...record, pid_start_ticks: 1 }));
    expect(await listed(folder)).toMatchObject({ verdict: 'interrupted' });
  });

  it('is not needed while the descriptor is held', async () => {
    using folder = copyTauFixture('crashed-primary');
    await using trainer = await startTrainer(folder, shapes['cleared its environment'](folder));
    trainer.salvor.signal('SIGKILL');
    await trainer.salvor.ended;
    rmSync(join(folder.path, 'salvor-trainer.json'));
    expect(await listed(folder)).toMatchObject({ verdict: 'alive' });
  });

  it.skipIf(process.geteuid?.() !== 0)(
    'is never a reason to end a process when another user could have written it',
    async () => {
      using folder = copyTauFixture('crashed-primary');
      await using victim = startTrap();
      const { bootId, pidNamespace } = readOwnIdentity();
      const record = { schema_version: 1, action_id: 'a', pid: victim.pid, pid_start_ticks: victim.pidStartTicks };
      const rest = { boot_id: bootId, pid_namespace: pidNamespace, stop_requested: false };
      folder.write('salvor-trainer.json', JSON.stringify({ ...record, ...rest }));
      chownSync(join(folder.path, 'salvor-trainer.json'), 65_534, 65_534);
      expect(await listed(folder)).toMatchObject({ verdict: 'alive' });
      const ended = await act(folder, 'cancel', '--grace', '1s');
      expect({ exit: ended.code, code: code(ended) }).toEqual({ exit: 5, code: 'ORPHAN_NOT_ENDED' });
      expect(victim.isThere()).toBe(true);
    },
  );

  it('that has no end yet is waited for while the process lives that will write it', async () => {
    using folder = copyTauFixture('crashed-primary');
    await using watcher = startTrap();
    const { bootId, pidNamespace } = readOwnIdentity();
    const start = { schema_version: 1, action_id: 'a', pid: 4_194_304, pid_start_ticks: 5, stop_requested: false };
    const here = { boot_id: bootId, pid_namespace: pidNamespace };
    const watched = { watcher_pid: watcher.pid, watcher_start_ticks: watcher.pidStartTicks };
    const write = (end: Readonly<Record<string, unknown>>) =>
      folder.write('salvor-trainer.json', JSON.stringify({ ...start, ...here, ...watched, ...end }));
    const traces = { runToken: 'nobody', recordPath: join(folder.path, 'salvor-trainer.json') };
    write({});
    const found = findTrainers(traces);
    write({ ended_unix_ms: 5, exit_code: 0 });
    expect(await found).toEqual([]);
  });
});

/** A process in a session of its own. */
function startTrap() {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const pidStartTicks = readProcessStat(pid)?.startTicks ?? 0;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  return {
    pid,
    pidStartTicks,
    isThere: () => isAlive({ pid, pidStartTicks }),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL');
      await ended;
    },
  };
}
