import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');

/** A command that shows what the wrapper passes on. */
const MAIN = `
import { spawnSync } from 'node:child_process';
export async function main([what, ...rest]) {
  if (what === 'say') console.log(JSON.stringify(rest));
  if (what === 'exit') return Number(rest[0]);
  if (what === 'die') process.kill(process.pid, rest[0]);
  if (what === 'inherit') console.log(process.env.SALVOR_WRAPPER_FD ?? 'unset', spawnSync('ls', ['-l', '/proc/self/fd']).stdout.toString());
  if (what === 'wait' || what === 'die') {
    process.on('SIGINT', () => process.exit(42));
    process.stdout.write('waiting');
    await new Promise(() => setInterval(() => undefined, 1000));
  }
  return 0;
}`;

let home = '';
beforeAll(() => {
  home = mkdtempSync(path.join(tmpdir(), 'salvor-bin-'));
  cpSync(path.join(ROOT, 'bin'), path.join(home, 'bin'), { recursive: true });
  writeFileSync(path.join(home, 'package.json'), '{"type":"module"}');
  mkdirSync(path.join(home, 'dist'));
  writeFileSync(path.join(home, 'dist/main.js'), MAIN);
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(home, 'node_modules'));
  // What salvor.js does on an older Node.js, run on this one, so that the test needs no second Node.js.
  writeFileSync(path.join(home, 'wrapped.js'), "import { rerun } from './bin/rerun.js';\nrerun(24);\n");
  writeFileSync(path.join(home, 'too-old.js'), "import { rerun } from './bin/rerun.js';\nrerun(999);\n");
});
afterAll(() => rmSync(home, { recursive: true }));

function run(script: string, args: readonly string[]) {
  return spawnSync(process.execPath, [path.join(home, script), ...args], { encoding: 'utf8' });
}

/** A wrapper (in a session without a terminal) whose command waits. */
async function startWaiting() {
  const wrapper = spawn(process.execPath, [path.join(home, 'wrapped.js'), 'wait'], { detached: true });
  await once(wrapper.stdout, 'data');
  // The streams end when the last process that holds them is gone.
  return { wrapper, closed: once(wrapper, 'close') as Promise<[number | null, NodeJS.Signals | null]> };
}

describe.each(['bin/salvor.js', 'wrapped.js'])('%s', (script) => {
  test('passes arguments on as they are', () => {
    expect(run(script, ['say', '--a b', '$HOME', '']).stdout).toBe('["--a b","$HOME",""]\n');
  });

  test('ends with the exit code of the command', () => {
    expect(run(script, ['exit', '0']).status).toBe(0);
    expect(run(script, ['exit', '7']).status).toBe(7);
  });

  test('ends with the signal that ended the command', () => {
    expect(run(script, ['die', 'SIGTERM']).signal).toBe('SIGTERM');
    expect(run(script, ['die', 'SIGKILL']).signal).toBe('SIGKILL');
  });
});

test('wrapper: a SIGKILL of it ends the command', async () => {
  const { wrapper, closed } = await startWaiting();
  wrapper.kill('SIGKILL');
  expect(await closed).toEqual([null, 'SIGKILL']);
});

test('wrapper: SIGTERM and SIGHUP are passed on', async () => {
  for (const signal of ['SIGTERM', 'SIGHUP'] as const) {
    const { wrapper, closed } = await startWaiting();
    wrapper.kill(signal);
    expect(await closed).toEqual([null, signal]);
  }
});

test('wrapper: without a terminal SIGINT is passed on', async () => {
  const { wrapper, closed } = await startWaiting();
  wrapper.kill('SIGINT');
  expect(await closed).toEqual([42, null]);
});

test('wrapper: what the command starts knows nothing of it', () => {
  const [direct, wrapped] = ['bin/salvor.js', 'wrapped.js'].map((script) => run(script, ['inherit']).stdout);
  expect(wrapped).toMatch(/^unset /);
  expect(wrapped?.split('\n').length).toBe(direct?.split('\n').length);
});

test('rerun: no fit Node.js is exit 2 and names the one found and the one needed', () => {
  const { status, stderr } = run('too-old.js', []);
  expect(status).toBe(2);
  const own = path.join(ROOT, 'node_modules/node/bin/node');
  const found = `${process.execPath} is ${process.versions.node}, ${own} is ${process.versions.node}`;
  expect(stderr).toBe(
    `salvor: needs Node.js 999 or newer; ${found}\nInstall Node.js 999 or newer and put it first on the PATH.\n`,
  );
});

test('rerun: in a clone, which has a lock file, it says what brings a Node.js along', () => {
  const lock = path.join(home, 'package-lock.json');
  writeFileSync(lock, '{}');
  try {
    expect(run('too-old.js', []).stderr).toContain(`or run "npm ci" in ${home}, which brings one along.`);
  } finally {
    rmSync(lock);
  }
});

describe('the cache of compiled code', () => {
  const CACHE = path.join('.cache', 'salvor', 'compiled');

  /** Runs with a home and a directory for temporary files of its own, after `prepare`; answers what is in them then. */
  function runAtHome(prepare: (user: string) => void): readonly string[] {
    const user = mkdtempSync(path.join(tmpdir(), 'salvor-home-'));
    try {
      mkdirSync(path.join(user, 'tmp'), { mode: 0o777 });
      prepare(user);
      const { XDG_CACHE_HOME: _cache, NODE_COMPILE_CACHE: _compiled, ...rest } = process.env;
      const env = { ...rest, HOME: user, TMPDIR: path.join(user, 'tmp') };
      const ended = spawnSync(process.execPath, [path.join(home, 'bin/salvor.js'), 'exit', '0'], { env });
      expect(ended.status).toBe(0);
      return readdirSync(user, { recursive: true, encoding: 'utf8' });
    } finally {
      rmSync(user, { recursive: true });
    }
  }

  test('is made by us in a directory of the user alone, and never where anybody can be first', () => {
    const found = runAtHome(() => {});
    expect(found.some((name) => name.startsWith(`${CACHE}/`))).toBe(true);
    expect(found.filter((name) => name.startsWith('tmp/'))).toEqual([]);
  });

  test.each<readonly [string, (user: string) => void]>([
    ['is a link', (user) => symlinkSync(path.join(user, 'theirs'), path.join(user, CACHE))],
    ['can be written to by others', (user) => makeDirectory(path.join(user, CACHE), 0o777)],
    ['can be read by a group', (user) => makeDirectory(path.join(user, CACHE), 0o750)],
    ['is in a directory that others can write to', (user) => chmodSync(path.join(user, '.cache'), 0o777)],
  ])('is not used when it %s', (_what, put) => {
    const found = runAtHome((user) => {
      mkdirSync(path.join(user, 'theirs'));
      mkdirSync(path.join(user, '.cache', 'salvor'), { recursive: true, mode: 0o700 });
      put(user);
    });
    expect(found.filter((name) => name.startsWith(`${CACHE}/`) || name.startsWith('theirs/'))).toEqual([]);
  });

  test.runIf(process.getuid?.() === 0)('is not used when it belongs to somebody else', () => {
    const found = runAtHome((user) => {
      makeDirectory(path.join(user, CACHE), 0o700);
      chownSync(path.join(user, CACHE), 65_534, 65_534);
    });
    expect(found.filter((name) => name.startsWith(`${CACHE}/`))).toEqual([]);
  });

  function makeDirectory(directory: string, mode: number): void {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    chmodSync(directory, mode);
  }
});
