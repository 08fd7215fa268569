/** A pause is a record: what it does to a trainer is said, and what becomes of the trainer is seen. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAnswer, pick, runSalvor, startSalvor } from '../../helpers/salvor.ts';
import { copyTauFixture, type TauFolder } from '../../helpers/tau-directory.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const ask = (folder: TauFolder, ...words: readonly string[]) => runSalvor([...words, folder.path], { env: folder.env });
const listed = async (folder: TauFolder) => pick(parseAnswer(await ask(folder, 'list', '--all', '--json')), 'jobs.0');
const GOES_ON = 'recorded as paused; the trainer goes on until it looks at its control state';

/** A resume that waits for its trainer, and the trainer's process. */
async function train(folder: TauFolder) {
  const file = join(dirname(folder.path), 'pid');
  const command = `echo $$ > ${file}; exec sleep 1000`;
  const salvor = startSalvor(['--choice', 'resume', folder.path, '--exec', command], { env: folder.env });
  const pid = await waitFor('it trains', () => existsSync(file) && Number(readFileSync(file, 'utf8')));
  return { salvor, pid, [Symbol.asyncDispose]: () => salvor[Symbol.asyncDispose]() };
}

describe('a pause of a living trainer', () => {
  it('says before and after that the trainer goes on, and a trainer that died since is told', async () => {
    using folder = copyTauFixture('crashed-primary');
    await using trainer = await train(folder);
    const { pid } = trainer;
    const planned = await ask(folder, '--choice', 'pause', '--dry-run');
    expect(planned.stdout).toContain(`the trainer (process ${pid}) goes on until it looks at its control state`);
    expect((await ask(folder, '--choice', 'pause')).stderr).toContain(GOES_ON);
    expect((await ask(folder, '--choice', 'pause', '--json')).stderr).toContain(GOES_ON);
    expect(await listed(folder)).toMatchObject({ verdict: 'alive' });
    process.kill(pid, 'SIGKILL');
    await trainer.salvor.ended;
    expect(await listed(folder)).toMatchObject({
      verdict: 'paused',
      last_error: { code: 'RUN_FAILED', message: 'the trainer was ended by SIGKILL' },
    });
    expect((await ask(folder, 'show')).stdout).toContain('the trainer was ended by SIGKILL');
    // What died before a pause was known to whoever paused.
    expect((await ask(folder, '--choice', 'pause')).stderr).not.toContain('goes on');
    expect(await listed(folder)).toMatchObject({ verdict: 'paused', last_error: null });
  });

  it('ends by a cancel, whose plan calls the trainer a trainer', async () => {
    using folder = copyTauFixture('crashed-primary');
    await using trainer = await train(folder);
    const { stdout } = await ask(folder, '--choice', 'cancel', '--dry-run');
    expect(stdout).toContain(`end the trainer, with all that it started: process ${trainer.pid}`);
    expect(stdout).not.toContain('outlived');
    process.kill(trainer.pid, 'SIGKILL');
  });
});

describe('a control state of yesterday that was put back after a cancel', () => {
  it('is told, recommends nothing, and is not resumed before somebody pauses or cancels', async () => {
    using folder = copyTauFixture('crashed-primary');
    const before = folder.read('control-state.json');
    expect((await ask(folder, '--choice', 'cancel')).code).toBe(0);
    const after = folder.read('control-state.json');
    folder.write('control-state.json', before);
    expect(await listed(folder)).toMatchObject({ verdict: 'inconsistent', recommended: null });
    expect((await ask(folder, 'show')).stdout).toMatch(/older than the last row of the audit log, line \d+: cancel of/);
    const rows = folder.rows().length;
    for (const words of [[], ['--all']]) {
      const ended = await ask(folder, '--choice', 'resume', '--exec', 'false', ...words);
      expect({ code: ended.code, isTold: ended.stderr.includes('pause or cancel first') }).toEqual({
        code: 3,
        isTold: true,
      });
    }
    expect(folder.rows()).toHaveLength(rows);
    folder.write('control-state.json', after);
    expect(await listed(folder)).toMatchObject({ verdict: 'cancelled' });
    folder.write('control-state.json', before);
    expect((await ask(folder, '--choice', 'pause')).code).toBe(0);
    expect((await ask(folder, '--choice', 'resume')).code).toBe(0);
  });
});

it('a resume after a repair says that the control state is made anew', async () => {
  using folder = copyTauFixture('state-torn');
  expect((await ask(folder, 'repair', '--yes', '--reason', 'r')).code).toBe(0);
  const { stdout } = await ask(folder, '--choice', 'resume', '--dry-run');
  expect(stdout).toContain('record the job as running (nothing is recorded: the control state is made anew)');
});
