import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { loadCheckpoint, restoreCheckpoint, saveCheckpoint } from '../../../../src/checkpoint.ts';
import { tryLock } from '../../../../src/platform/lock-file.ts';
import { makeFolder } from '../../../helpers/make-folder.ts';

const SAVE_FOREVER = path.join(import.meta.dirname, 'save-forever.ts');

const save = (directory: string, globalStep: number, runId = 'run') =>
  saveCheckpoint({
    directory,
    runId,
    globalStep,
    optimizerStep: 0,
    policyState: {},
    optimizerState: {},
    savedAtUnixSeconds: 7,
  });

/** Starts a saver and answers once it has saved this many times; `saved` is the newest step it told of. */
async function startSaver(directory: string, from: number, count: number) {
  const child: ChildProcess = spawn(process.execPath, [SAVE_FOREVER, directory, String(from)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const state = { saved: from - 1 };
  if (child.stdout === null) throw new Error('no output');
  const lines = createInterface({ input: child.stdout });
  const enough = new Promise<void>((resolve) => {
    lines.on('line', (line) => {
      state.saved = Number(line);
      if (state.saved >= from + count - 1) resolve();
    });
  });
  await enough;
  return { child, state };
}

test('saveCheckpoint: a saver killed at any moment leaves what it told of, or newer', async () => {
  await using folder = await makeFolder();
  let next = 1;
  for (let round = 0; round < 6; round++) {
    const { child, state } = await startSaver(folder.path, next, 2);
    // A spread of moments inside a save; which one it is does not matter to what must hold.
    await wait(round * 3);
    child.kill('SIGKILL');
    await once(child, 'close');
    const loaded = await loadCheckpoint(folder.path, { fallback: true });
    expect(loaded.proven).toBe(true);
    expect(Number(loaded.globalStep)).toBeGreaterThanOrEqual(state.saved);
    next = Number(loaded.globalStep) + 1;
  }
  await save(folder.path, next);
  expect(readdirSync(folder.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('saveCheckpoint: savers at once take turns, and both generations are whole', async () => {
  await using folder = await makeFolder();
  await Promise.all(Array.from({ length: 8 }, (_item, index) => save(folder.path, index, `run-${index}`)));
  const primary = await loadCheckpoint(folder.path);
  const names = readdirSync(folder.path).filter((name) => name.endsWith('.json'));
  expect(names.sort()).toEqual(['policy-checkpoint.json', 'policy-checkpoint.rollback.json']);
  const fallback = JSON.parse(readFileSync(folder.at('policy-checkpoint.rollback.json'), 'utf8'));
  expect(fallback.run_id).not.toBe(primary.runId);
});

test('saveCheckpoint: a saver at work is waited for only so long', async () => {
  await using folder = await makeFolder();
  const lock = tryLock(folder.at('.policy-checkpoint.lock'));
  const options = { directory: folder.path, runId: 'r', globalStep: 1, optimizerStep: 1, policyState: {} };
  const attempt = saveCheckpoint({ ...options, optimizerState: {}, waitMs: 20 });
  await expect(attempt).rejects.toMatchObject({ code: 'CHECKPOINT_BUSY' });
  lock?.release();
  expect(readdirSync(folder.path)).toEqual(['.policy-checkpoint.lock']);
});

test.each(['policy-checkpoint.json', 'policy-checkpoint.rollback.json', '.policy-checkpoint.lock'])(
  'saveCheckpoint: nothing is written through a link at %s',
  async (name) => {
    await using outside = await makeFolder({ victim: 'precious' });
    await using folder = await makeFolder();
    if (name.includes('rollback')) await save(folder.path, 1);
    symlinkSync(outside.at('victim'), folder.at(name));
    const before = readdirSync(folder.path).filter((file) => !file.endsWith('.lock') || name.endsWith('.lock'));
    await expect(save(folder.path, 2)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_SAVED' });
    expect(readFileSync(outside.at('victim'), 'utf8')).toBe('precious');
    expect(readdirSync(folder.path).filter((file) => before.includes(file))).toEqual(before);
    expect(readdirSync(folder.path).filter((file) => file.endsWith('.tmp'))).toEqual([]);
  },
);

test('saveCheckpoint: a link planted where the file beside is made is removed, not followed', async () => {
  await using outside = await makeFolder({ victim: 'precious' });
  await using folder = await makeFolder();
  symlinkSync(outside.at('victim'), folder.at(`.policy-checkpoint.json.${process.pid}.tmp`));
  await save(folder.path, 1);
  expect(readFileSync(outside.at('victim'), 'utf8')).toBe('precious');
});

test('saveCheckpoint: a directory in the place of the primary is refused and stays', async () => {
  await using folder = await makeFolder();
  mkdirSync(folder.at('policy-checkpoint.json'));
  await expect(save(folder.path, 1)).rejects.toMatchObject({ code: 'CHECKPOINT_NOT_SAVED' });
  expect(statSync(folder.at('policy-checkpoint.json')).isDirectory()).toBe(true);
});

test('saveCheckpoint: missing parents are made', async () => {
  await using folder = await makeFolder();
  await save(folder.at('a/b/c'), 1);
  expect((await loadCheckpoint(folder.at('a/b/c'))).globalStep).toBe(1n);
});

test('saveCheckpoint: a broken primary is kept aside and does not replace the fallback', async () => {
  await using folder = await makeFolder();
  await save(folder.path, 1);
  await save(folder.path, 2);
  const newer = readFileSync(folder.at('policy-checkpoint.json'), 'utf8').replace('_version": 1', '_version": 2');
  writeFileSync(folder.at('policy-checkpoint.json'), newer);
  const { setAside } = await save(folder.path, 3);
  expect(setAside.map((file) => readFileSync(file, 'utf8'))).toEqual([newer]);
  const fallback = JSON.parse(readFileSync(folder.at('policy-checkpoint.rollback.json'), 'utf8'));
  expect(fallback.global_step).toBe(1);
  expect((await loadCheckpoint(folder.path, { fallback: true })).globalStep).toBe(3n);
});

test('restoreCheckpoint: the chosen one is loaded from then on, and what was newer is kept', async () => {
  await using folder = await makeFolder();
  await save(folder.path, 1);
  const chosen = await folder.write('chosen.json', readFileSync(folder.at('policy-checkpoint.json')));
  await save(folder.path, 2);
  await save(folder.path, 3);
  const { setAside, globalStep } = await restoreCheckpoint(folder.path, chosen);
  expect(globalStep).toBe(1n);
  expect(readFileSync(folder.at('policy-checkpoint.json'))).toEqual(readFileSync(chosen));
  expect(await loadCheckpoint(folder.path, { fallback: true })).toMatchObject({ globalStep: 1n, diagnostics: [] });
  const kept = setAside.map((file) => JSON.parse(readFileSync(file, 'utf8')).global_step);
  expect(kept.sort()).toEqual([2, 3]);
});

test('restoreCheckpoint: a file that is not valid is refused with its place, and nothing changes', async () => {
  await using folder = await makeFolder({ 'bad.json': '{"checkpoint_version":1,"checkpoint_version":1}' });
  await save(folder.path, 1);
  const before = readFileSync(folder.at('policy-checkpoint.json'));
  await expect(restoreCheckpoint(folder.path, folder.at('bad.json'))).rejects.toMatchObject({
    code: 'CHECKPOINT_INVALID',
    details: { path: folder.at('bad.json'), offset: 24 },
  });
  expect(readFileSync(folder.at('policy-checkpoint.json'))).toEqual(before);
  expect(readdirSync(folder.path).filter((name) => name.includes('aside') || name.endsWith('.tmp'))).toEqual([]);
});
