/** A Tau directory may be another user's: its links lead nobody to read or write for him. */
import {
  chmodSync,
  existsSync,
  lchownSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Ended, parseAnswer, pick, runSalvor } from '../../helpers/salvor.ts';
import { copyTauFixture, type TauFolder, tauCheckpoint } from '../../helpers/tau-directory.ts';

const NOBODY = 65_534;
const act = (folder: TauFolder, ...words: readonly string[]) =>
  runSalvor([...words, folder.path, '--json'], { env: folder.env });
const choose = (folder: TauFolder, choice: string, ...rest: readonly string[]) =>
  act(folder, '--choice', choice, ...rest);
const told = (ended: Ended) => ({ exit: ended.code, code: pick(parseAnswer(ended), 'error.code') });
const CHOICES = [['pause'], ['resume'], ['cancel'], ['rollback', '--checkpoint', 'fallback']] as const;

/** A file beside the directory, its owner's alone, and a link to it in the directory. */
function link(folder: TauFolder, name: string, { text, owner }: { readonly text: string; readonly owner?: number }) {
  const target = join(dirname(folder.path), 'target');
  writeFileSync(target, text);
  chmodSync(target, 0o600);
  rmSync(join(folder.path, name), { recursive: true, force: true });
  symlinkSync(target, join(folder.path, name));
  if (owner !== undefined) lchownSync(join(folder.path, name), owner, owner);
  return target;
}

describe('a link in the place of the audit log', () => {
  it.each(['', 'SECRET-hunter2', '{"action":"resume"}\n'])(
    'stops every action; %j behind it stays as it is',
    async (text) => {
      using folder = copyTauFixture('crashed-primary');
      const target = link(folder, 'control-audit.jsonl', { text });
      for (const [choice, ...rest] of CHOICES) {
        expect(told(await choose(folder, choice, ...rest))).toEqual({ exit: 3, code: 'CONTROL_FILE_INVALID' });
      }
      expect(readFileSync(target, 'utf8')).toBe(text);
      expect(readdirSync(folder.path)).not.toContain('recovery-report.json');
    },
  );

  it('is set aside by a repair as the link that it is, and a log is begun', async () => {
    using folder = copyTauFixture('crashed-primary');
    const target = link(folder, 'control-audit.jsonl', { text: 'garbage\n{"action":"SECRET"}\n' });
    expect((await act(folder, 'repair', '--yes', '--reason', 'r')).code).toBe(0);
    expect(lstatSync(join(folder.path, 'control-audit.jsonl')).isFile()).toBe(true);
    expect(folder.read('control-audit.jsonl')).not.toContain('SECRET');
    expect(readFileSync(target, 'utf8')).toBe('garbage\n{"action":"SECRET"}\n');
    expect((await choose(folder, 'cancel')).code).toBe(0);
  });
});

it('a link in the place of the reports stops what writes one, before anything is changed', async () => {
  using folder = copyTauFixture('crashed-primary');
  const elsewhere = join(dirname(folder.path), 'elsewhere');
  mkdirSync(elsewhere);
  rmSync(join(folder.path, 'reports'), { recursive: true, force: true });
  symlinkSync(elsewhere, join(folder.path, 'reports'));
  const before = folder.read('control-state.json');
  for (const choice of ['resume', 'cancel']) {
    const ended = await choose(folder, choice);
    expect(told(ended)).toEqual({ exit: 3, code: 'STATE_UNWRITABLE' });
    expect(pick(parseAnswer(ended), 'error.message')).toContain('reports is a symbolic link');
  }
  expect(readdirSync(elsewhere)).toEqual([]);
  expect(folder.read('control-state.json')).toBe(before);
});

describe.skipIf(process.geteuid?.() !== 0)('a link of another user to a file that is not his', () => {
  it.each([
    ['policy-checkpoint.json', '{"SECRET-hunter2":SECRETX'],
    ['policy-checkpoint.json.tmp.77', tauCheckpoint(999_999, 'SECRET-run', 1_899_999_999)],
    ['recovery-report.json', '{"SECRET-hunter2":SECRETX'],
  ])('%s: it is not followed, and nothing of the file is told', async (name, text) => {
    using folder = copyTauFixture('crashed-fallback');
    link(folder, name, { text, owner: NOBODY });
    const shown = await act(folder, 'show');
    const ended = await choose(folder, 'resume');
    expect(ended.code, ended.stdout).toBe(0);
    const said = [shown, ended].map(({ stdout, stderr }) => stdout + stderr).join('');
    // The link itself may be kept; what is read through it is not.
    const kept = Object.values(folder.snapshot()).filter((bytes) => bytes !== text);
    expect(said + kept.join('')).not.toContain('SECRET');
  });

  it.each(['control-state.json', 'status.json'])('%s: it stops every action', async (name) => {
    using folder = copyTauFixture('crashed-primary');
    const target = link(folder, name, { text: '{"SECRET-hunter2":SECRETX', owner: NOBODY });
    for (const [choice, ...rest] of CHOICES) {
      const ended = await choose(folder, choice, ...rest);
      expect(told(ended)).toEqual({ exit: 3, code: 'CONTROL_FILE_INVALID' });
      expect(ended.stdout + ended.stderr).not.toContain('SECRET');
    }
    expect(readFileSync(target, 'utf8')).toContain('SECRET');
  });

  it('is followed when it is its own owner that it leads to, and a named one always', async () => {
    using folder = copyTauFixture('crashed-primary');
    const target = link(folder, 'policy-checkpoint.json', { text: tauCheckpoint(999) });
    expect(pick(parseAnswer(await choose(folder, 'resume')), 'checkpoint_global_step')).toBe(999);
    const named = join(dirname(folder.path), 'named');
    symlinkSync(target, named);
    lchownSync(named, NOBODY, NOBODY);
    expect((await choose(folder, 'rollback', '--checkpoint', named)).code).toBe(0);
  });
});

it('a control state that is a link to itself is said to be damaged, and repair sets it aside', async () => {
  await using folder = await copyTauFixture('crashed-primary');
  const path = join(folder.path, 'control-state.json');
  rmSync(path);
  symlinkSync('control-state.json', path);
  for (const words of [['status'], ['--choice', 'resume'], ['--choice', 'cancel']]) {
    const ended = await act(folder, ...words);
    expect(told(ended), ended.stderr).toEqual({ exit: 3, code: 'CONTROL_FILE_INVALID' });
  }
  expect((await act(folder, 'list', '--all')).code).toBe(0);
  const repaired = await act(folder, 'repair', '--yes', '--reason', 'a loop');
  expect(repaired.code, repaired.stderr).toBe(0);
  expect(existsSync(path)).toBe(false);
});
