import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { controlOf } from '../../../src/core/families/training-control/control-of.ts';
import { isTauDirectory } from '../../../src/sources/tau/detect.ts';
import { nameOf } from '../../../src/sources/tau/layout.ts';
import { copyTauFixture, makeTauFolder, tauCheckpoint, tauState, tauStatus } from '../../helpers/tau-directory.ts';
import { lookAtTauFolder } from '../../helpers/tau-session.ts';

function makeStore(path: string): void {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  database.exec('CREATE TABLE rollouts (id)');
  database.close();
}

describe('isTauDirectory', () => {
  it.each([
    ['a control state', { 'control-state.json': tauState('running') }, true],
    ['a control state that was cut short', { 'control-state.json': '{"schema_ver' }, true],
    ['the control state of a gateway', { 'control-state.json': '{"mode":"paused","last_action":{"by":"x"}}' }, false],
    ['an audit log alone', { 'control-audit.jsonl': '' }, true],
    ['a checkpoint alone', { 'policy-checkpoint.json': tauCheckpoint(1) }, true],
    ['a training status alone', { 'status.json': tauStatus('completed') }, true],
    ['another status', { 'status.json': '{"status":"ok"}' }, false],
    ['nothing', {}, false],
  ])('a directory with %s: %#', (_what, files, expected) => {
    using folder = makeTauFolder(files);
    expect(isTauDirectory(folder.path)).toBe(expected);
  });
});

describe('nameOf', () => {
  it('a directory under a hidden one is named with its project', () => {
    expect(nameOf('/srv/walker/.tau/training')).toBe('walker/.tau/training');
    expect(nameOf('/srv/walker/training')).toBe('training');
  });
});

describe('looking at a Tau state directory', () => {
  it('a status beside the store counts where the directory links to its store', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running') });
    const store = join(dirname(folder.path), 'elsewhere', 'store.sqlite');
    makeStore(store);
    writeFileSync(join(dirname(store), 'status.json'), tauStatus('completed'));
    expect(diagnose(await lookAtTauFolder(folder.path)).crashDetected).toBe(true);
    symlinkSync(store, join(folder.path, 'store.sqlite'));
    const evidence = await lookAtTauFolder(folder.path);
    expect(controlOf(evidence).status?.path).toBe(join(dirname(store), 'status.json'));
    expect(diagnose(evidence)).toMatchObject({ crashDetected: false, verdict: 'finished' });
  });

  it('a status beside a store that the control state names counts, from the project on, and only beside a real store', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running', { store_path: 'data/store.sqlite' }) });
    const store = join(dirname(folder.path), 'data', 'store.sqlite');
    mkdirSync(dirname(store));
    writeFileSync(store, 'no database at all');
    writeFileSync(join(dirname(store), 'status.json'), tauStatus('failed'));
    expect(controlOf(await lookAtTauFolder(folder.path)).status).toBeUndefined();
    writeFileSync(store, '');
    makeStore(store);
    expect(diagnose(await lookAtTauFolder(folder.path)).verdict).toBe('failed');
  });

  it('a status of another run does not hide a crash', async () => {
    using folder = makeTauFolder({
      'control-state.json': tauState('running'),
      'policy-checkpoint.json': tauCheckpoint(900),
      'status.json': tauStatus('completed', { run_id: 'run-76' }),
    });
    const evidence = await lookAtTauFolder(folder.path);
    expect(controlOf(evidence).status?.stale).toBe('other_run');
    expect(diagnose(evidence).crashDetected).toBe(true);
  });

  it('a status of the same instant as the control state counts', async () => {
    using folder = makeTauFolder({
      'control-state.json': tauState('running'),
      'status.json': tauStatus('completed', { updated_unix_ms: 1_764_000_000_123 }),
    });
    expect(diagnose(await lookAtTauFolder(folder.path)).crashDetected).toBe(false);
  });

  it.each([
    [
      'control-state.json',
      tauState('running', { schema_version: 2 }),
      'unsupported training control schema version 2 (expected 1)',
    ],
    [
      'control-state.json',
      tauState('running', { updated_unix_ms: -1 }),
      "field 'updated_unix_ms' must be a whole number",
    ],
    [
      'control-state.json',
      tauState('running', { lifecycle_state: 3 }),
      "field 'lifecycle_state' must be a string, and it is 3",
    ],
    ['control-state.json', '{"schema_version":1}', "missing field 'updated_unix_ms'"],
    ['control-state.json', '{"schema_version":1,"schema_version":1}', 'is not valid JSON at byte'],
    [
      'status.json',
      tauStatus('completed', { schema_version: 4294967297 }),
      'unsupported training status schema version 4294967297',
    ],
    ['recovery-report.json', '{"schema_version":3}', 'unsupported training recovery schema version 3 (expected 1)'],
  ])('%s: %#: the first problem is told with its place', async (name, text, says) => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), [name]: text });
    const evidence = await lookAtTauFolder(folder.path);
    const bad = evidence.files?.find(({ state }) => state === 'invalid');
    expect(bad?.path).toBe(join(folder.path, name));
    expect(bad?.problem?.message).toContain(says);
    const stopsNothing = name === 'recovery-report.json';
    expect(diagnose(evidence).verdict).toBe(stopsNothing ? 'interrupted' : 'inconsistent');
  });

  it('a directory in place of a file is told, and looked at like everything else', async () => {
    using folder = makeTauFolder();
    mkdirSync(join(folder.path, 'control-state.json'));
    mkdirSync(join(folder.path, 'control-audit.jsonl'));
    const { files } = await lookAtTauFolder(folder.path);
    expect(files?.slice(0, 3).map(({ state }) => state)).toEqual(['unreadable', 'missing', 'unreadable']);
  });

  it('each generation is told with its grade, its steps and, for a bad one, the place', async () => {
    using folder = copyTauFixture('crashed-fallback');
    const { checkpoints } = await lookAtTauFolder(folder.path, 'fallback');
    expect(checkpoints).toMatchObject([
      {
        source: 'primary',
        grade: 'R',
        sizeBytes: 150,
        runId: 'run-77',
        problem: { code: 'CHECKPOINT_INVALID', offset: 150 },
      },
      { source: 'fallback', grade: 'B', runId: 'run-77', globalStep: '800', optimizerStep: '400' },
      { source: 'named', path: join(folder.path, 'policy-checkpoint.rollback.json'), grade: 'B' },
    ]);
  });

  it('looking twice gives the same evidence', async () => {
    using folder = copyTauFixture('torn-audit');
    const { collectedAtMs: _one, ...first } = await lookAtTauFolder(folder.path);
    const { collectedAtMs: _two, ...second } = await lookAtTauFolder(folder.path);
    expect(second).toEqual(first);
  });
});
