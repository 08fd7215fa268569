import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { copyTauFixture, makeTauFolder, tauCheckpoint } from '../helpers/tau-directory.ts';

describe('salvor checkpoint', () => {
  it('save keeps the bytes of the states, and the old primary as the fallback; load tells which one', async () => {
    using folder = makeTauFolder({ 'policy-checkpoint.json': tauCheckpoint(1), p: '{"w":[-0, 1e400e]}', o: '{}' });
    const save = (step: string) =>
      runSalvor([
        ...['checkpoint', 'save', folder.path, '--run-id', 'run-77', '--global-step', step, '--optimizer-step', '2'],
        ...['--policy-state', join(folder.path, 'p'), '--optimizer-state', join(folder.path, 'o'), '--json'],
      ]);
    const refused = await save('9');
    expect([refused.code, pick(parseAnswer(refused), 'error.code')]).toEqual([2, 'CHECKPOINT_INPUT_INVALID']);
    expect(folder.read('policy-checkpoint.json')).toBe(tauCheckpoint(1));
    writeFileSync(join(folder.path, 'p'), '{"w":[-0,1.50]}');
    expect((await save('18446744073709551615')).code).toBe(0);
    expect(folder.read('policy-checkpoint.json')).toContain('{"w":[-0,1.50]}');
    expect(folder.read('policy-checkpoint.rollback.json')).toBe(tauCheckpoint(1));
    const loaded = await runSalvor(['checkpoint', 'load', folder.path, '--fallback']);
    expect(loaded.stdout).toBe(
      'checkpoint_resume source=primary run_id=run-77 global_step=18446744073709551615 optimizer_step=2\n',
    );
  });

  it('load without a fallback is refused with the reason, and with it says why it is not the primary', async () => {
    using folder = copyTauFixture('crashed-fallback');
    const refused = await runSalvor(['checkpoint', 'load', folder.path, '--json']);
    expect([refused.code, pick(parseAnswer(refused), 'error.code')]).toEqual([3, 'CHECKPOINT_INVALID']);
    const loaded = parseAnswer(await runSalvor(['checkpoint', 'load', folder.path, '--fallback', '--json']));
    expect(loaded).toMatchObject({ source: 'fallback', global_step: 800, grade: 'B' });
    expect(pick(loaded, 'diagnostics.0')).toContain('primary checkpoint load failed');
  });

  it('inspect grades every generation; one that is refused is exit 3', async () => {
    using good = copyTauFixture('crashed-primary');
    const all = await runSalvor(['checkpoint', 'inspect', good.path, '--json']);
    expect(all.code).toBe(0);
    expect(parseAnswer(all)['checkpoints']).toMatchObject([
      {
        format: 'policy-json',
        grade: 'B',
        global_step: 900,
        proved: ['structure'],
        not_proved: ['digest'],
        problems: [],
      },
      { grade: 'B', global_step: 800 },
    ]);
    using bad = copyTauFixture('crashed-none');
    const one = await runSalvor(['checkpoint', 'inspect', join(bad.path, 'policy-checkpoint.json'), '--json']);
    expect(one.code).toBe(3);
    expect(parseAnswer(one)['checkpoints']).toMatchObject([
      { grade: 'U', problems: [{ code: 'CHECKPOINT_VERSION_UNSUPPORTED' }] },
    ]);
  });
});
