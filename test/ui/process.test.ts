// Terminal traps 3, 4, 6, 7, 9, 13 and 19: the console as a process, on a real terminal.
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { type BuiltProgram, buildProgram } from '../helpers/terminal/build-program.ts';
import { openPty, type Pty, type PtyOptions } from '../helpers/terminal/open-pty.ts';

let program: BuiltProgram;
let terminal: Pty | undefined;

beforeAll(async () => {
  program = await buildProgram('test/ui/programs/console-on-fakes.ts');
});

afterAll(() => program.remove());

afterEach(() => {
  terminal?.dispose();
  terminal = undefined;
});

/** Starts the program on a terminal that is closed after the test. */
function start(env: PtyOptions['env'] = {}, size = { columns: 80, rows: 24 }): Pty {
  terminal = openPty(process.execPath, [program.file], { ...size, env });
  return terminal;
}

const isLive = (screen: string): boolean => screen.includes('California Orders') && screen.includes('? help');
const SGR = '\u001b[7m';

/** Everything a terminal must be given back. */
function expectRestored(pty: Pty): void {
  const output = pty.output();
  expect(pty.activeBuffer()).toBe('normal');
  expect(output.lastIndexOf('\u001b[?1049l')).toBeGreaterThan(output.lastIndexOf('\u001b[?1049h'));
  expect(output.lastIndexOf('\u001b[?25h')).toBeGreaterThan(output.lastIndexOf('\u001b[?25l'));
  expect(output.lastIndexOf('\u001b[?2004l')).toBeGreaterThan(output.lastIndexOf('\u001b[?2004h'));
}

test.each([
  [80, 24],
  [40, 10],
  [200, 60],
])('console: at %i x %i q leaves with 0, the terminal as it was, and last words on it', async (columns, rows) => {
  const pty = start({}, { columns, rows });
  await pty.waitFor('? help');
  pty.type('q');
  expect(await pty.exited()).toEqual({ code: 0, signal: undefined });
  expectRestored(pty);
  expect(pty.screen()).toContain('Nothing was changed.');
  expect(pty.scrollbackRows()).toBe(0);
});

test('console: Ctrl+C leaves with 130', async () => {
  const pty = start();
  await pty.waitFor(isLive);
  pty.type('\u0003');
  expect((await pty.exited()).code).toBe(130);
  expectRestored(pty);
});

test.each([
  ['SIGTERM', 143],
  ['SIGINT', 130],
])('console: %s leaves with %i', async (signal, code) => {
  const pty = start();
  await pty.waitFor(isLive);
  pty.kill(signal);
  expect(await pty.exited()).toEqual({ code, signal: undefined });
  expectRestored(pty);
});

test('console: SIGTERM asks a running recovery to stop, tells its outcome, and leaves with 143', async () => {
  const pty = start({ SCENARIO: 'stop' });
  await pty.waitFor(isLive);
  pty.type('r');
  await pty.waitFor('y agrees to the plan above');
  pty.type('y');
  await pty.waitFor('no rate yet');
  pty.kill('SIGTERM');
  expect((await pty.exited()).code).toBe(143);
  expect(pty.screen()).toContain('recovered to the end');
});

test('console: Ctrl+C during a recovery asks; q and Escape go on watching', async () => {
  const pty = start();
  await pty.waitFor(isLive);
  pty.type('r');
  await pty.waitFor('y agrees to the plan above');
  pty.type('y');
  await pty.waitFor('no rate yet');
  pty.type('\u0003');
  await pty.waitFor('The recovery is still running.');
  pty.type('\u001b');
  await pty.waitFor('no rate yet');
  pty.type('q');
  await pty.waitFor('The recovery is still running.');
  pty.type('s');
  await pty.waitFor('is stopping after the one in hand');
});

test('console: a throw while drawing ends it with 1, and the terminal shows what happened', async () => {
  const pty = start({ SCENARIO: 'crash' });
  await pty.waitFor(isLive);
  pty.type('r');
  expect((await pty.exited()).code).toBe(1);
  expectRestored(pty);
  expect(pty.screen()).toMatch(/salvor: Cannot read properties of undefined/);
  expect(pty.screen()).toContain('This is a bug in Salvor.');
});

test('console: a promise nobody waited for ends it with 1, and the terminal shows what happened', async () => {
  const pty = start();
  await pty.waitFor(isLive);
  pty.kill('SIGUSR2');
  expect((await pty.exited()).code).toBe(1);
  expectRestored(pty);
  expect(pty.screen()).toContain('salvor: a promise nobody waited for');
});

test.each([['CI'], ['CONTINUOUS_INTEGRATION'], ['DEV']])(
  'console: %s in the environment changes nothing',
  async (name) => {
    const pty = start({ [name]: name === 'DEV' ? 'true' : '1' });
    await pty.waitFor(isLive);
    expect(pty.output()).toContain(SGR);
    pty.type('q');
    expect((await pty.exited()).code).toBe(0);
  },
);

test('console: with NO_COLOR nothing has a colour, and the cursor is still seen', async () => {
  const pty = start({ NO_COLOR: '1' });
  await pty.waitFor(isLive);
  pty.type('\u001b[B');
  await pty.waitFor(/^> 配送/m);
  expect(pty.output().match(/\[[0-9;]*m/g)).toBeNull();
});

test('console: TERM=dumb is refused with 2 and the scripted form', async () => {
  const pty = start({ TERM: 'dumb' });
  expect((await pty.exited()).code).toBe(2);
  expect(pty.screen()).toContain('TERM is dumb');
  expect(pty.screen()).toContain('salvor --choice resume');
});

test('console: without a terminal it is refused with 2 and the scripted form, on stderr', async () => {
  const child = spawn(process.execPath, [program.file], { stdio: ['pipe', 'pipe', 'pipe'] });
  const texts = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    texts.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    texts.stderr += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  expect(code).toBe(2);
  expect(texts.stdout).toBe('');
  expect(texts.stderr).toContain('standard input is not one');
  expect(texts.stderr).toContain('salvor --choice resume');
});

test('console: Ctrl+Z gives the terminal to the shell, and fg brings the console back with live keys', async () => {
  const pty = openPty('bash', ['--norc', '--noprofile', '-i'], {
    columns: 80,
    rows: 24,
    env: { PS1: 'shell> ', BASH_SILENCE_DEPRECATION_WARNING: '1' },
  });
  terminal = pty;
  await pty.waitFor('shell> ');
  pty.type(`${process.execPath} ${program.file}\r`);
  await pty.waitFor(isLive);
  pty.type('\u001a');
  await pty.waitFor('Stopped');
  expect(pty.activeBuffer()).toBe('normal');
  pty.type('echo still-$((40+2))\r');
  await pty.waitFor('still-42');
  pty.type('fg\r');
  await pty.waitFor(isLive);
  pty.type('\u001b[B');
  await pty.waitFor(/^> 配送/m);
  pty.type('q');
  await pty.waitFor('Nothing was changed.');
  pty.type('exit\r');
  expect((await pty.exited()).code).toBe(0);
});

test('console: an outside SIGTSTP gives the terminal to the shell as well', async () => {
  const pty = openPty('bash', ['--norc', '--noprofile', '-i'], { columns: 80, rows: 24, env: { PS1: 'shell> ' } });
  terminal = pty;
  await pty.waitFor('shell> ');
  pty.type(`${process.execPath} ${program.file}\r`);
  await pty.waitFor(isLive);
  process.kill(childOf(pty.pid), 'SIGTSTP');
  await pty.waitFor('Stopped');
  expect(pty.activeBuffer()).toBe('normal');
  pty.type('fg\r');
  await pty.waitFor(isLive);
  pty.type('q');
  await pty.waitFor('Nothing was changed.');
});

/** The one child of a process. */
function childOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim());
}

test('console: ACCESSIBLE talks in lines and draws nothing', async () => {
  const pty = start({ ACCESSIBLE: '1' });
  await pty.waitFor('q to leave:');
  pty.type('1\r');
  await pty.waitFor('or b to go back to the jobs:');
  expect(pty.output()).not.toContain('\u001b[');
  pty.type('b\r');
  await pty.waitFor(/back to the jobs: b\s+8 jobs[\s\S]*q to leave:/u);
  pty.type('q\r');
  expect((await pty.exited()).code).toBe(0);
  expect(pty.screen()).toContain('Nothing was changed.');
});
