import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { findOrphans } from '../../../src/platform/find-orphans.ts';
import { type Folder, makeFolder } from '../../helpers/make-folder.ts';
import { PROGRAM, parseAnswer, pick, runSalvor, startSalvor } from '../../helpers/salvor.ts';
import { queryStore } from '../../helpers/state.ts';
import { openPty, type Pty } from '../../helpers/terminal/open-pty.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const SCENARIO_COUNT = readdirSync(join(dirname(PROGRAM), '../fixtures/native')).length;

let folder: Folder;
let terminal: Pty | undefined;

beforeEach(async () => {
  folder = await makeFolder();
});

afterEach(async () => {
  terminal?.dispose();
  terminal = undefined;
  await folder[Symbol.asyncDispose]();
});

/** Directories of demos are made here. */
const env = () => ({ TMPDIR: folder.path });
const demos = () => readdirSync(folder.path).filter((name) => name.startsWith('salvor-demo-'));
/** The state directory of the one demo there is, once there is one. */
const stateOfDemo = () => folder.at(join(demos()[0] ?? 'none', 'state'));

/** Starts the demo on a terminal. */
function open(...args: readonly string[]): Pty {
  terminal = openPty(process.execPath, [PROGRAM, 'demo', ...args], { columns: 100, rows: 30, env: env() });
  return terminal;
}

/** Run tokens that the store of the demo knows. */
function readTokens(): readonly string[] {
  return queryStore(stateOfDemo(), 'SELECT run_token FROM leases').map((row) => String(row['run_token']));
}

test('demo --list: every scenario has a line, and nothing is made', async () => {
  const { code, stdout } = await runSalvor(['demo', '--list'], { env: env() });
  expect({ code, lines: stdout.trimEnd().split('\n').length }).toEqual({ code: 0, lines: SCENARIO_COUNT });
  expect(stdout).toMatch(/^api-timeout +a carrier/);
  expect(demos()).toEqual([]);
});

test('demo: an unknown scenario is exit 2 and names the nearest, and nothing is made', async () => {
  const ended = await runSalvor(['demo', 'api-timout', '--json'], { env: env() });
  expect(ended.code).toBe(2);
  expect(pick(parseAnswer(ended), 'error.code')).toBe('USAGE_INVALID');
  expect(ended.stdout).toContain('did you mean api-timeout?');
  expect(demos()).toEqual([]);
});

test('demo: without a terminal every job is made and kept, and what to try is told', async () => {
  const { code, stdout, stderr } = await runSalvor(['demo'], { env: env() });
  expect({ code, stdout, demos: demos().length }).toEqual({ code: 0, stdout: '', demos: 1 });
  expect(stderr).toContain(`export SALVOR_STATE=${stateOfDemo()}`);
  const list = parseAnswer(await runSalvor(['list', '--all', '--state', stateOfDemo(), '--json']));
  expect(list['total']).toBe(SCENARIO_COUNT);
  expect(pick(list, 'jobs.0.name')).toBe('Supplier Payments');
  expect(findOrphans(readTokens())).toEqual([]);
});

test('demo --json: says where the job is', async () => {
  const ended = await runSalvor(['demo', 'nothing-done', '--json'], { env: env() });
  expect(ended.code).toBe(0);
  expect(parseAnswer(ended)).toMatchObject({
    schema_version: 1,
    directory: folder.at(demos()[0] ?? ''),
    state: stateOfDemo(),
    jobs: [{ scenario: 'nothing-done', job: { name: 'Nightly Invoices', kind: 'batch', source: 'native' } }],
  });
});

test('demo: the console opens on the job, and leaving it removes the directory', async () => {
  const pty = open('api-timeout');
  await pty.waitFor((screen) => screen.includes('California Orders') && screen.includes('47/200'));
  pty.type('q');
  expect((await pty.exited()).code).toBe(0);
  expect(demos()).toEqual([]);
});

test('demo: a job is resumed from the console, and --keep keeps it', async () => {
  const pty = open('nothing-done', '--keep');
  await pty.waitFor('Nightly Invoices');
  pty.type('\r');
  await pty.waitFor('was interrupted at row 0/12');
  pty.type('r');
  await pty.waitFor('y agrees to the plan above');
  pty.type('y');
  await pty.waitFor('Enter back to the jobs');
  pty.type('q');
  await pty.waitFor('No job needs attention');
  // A list that has just changed drops keys for a moment; a person would press again, and so does this.
  const again = setInterval(() => pty.type('q'), 500);
  pty.type('q');
  expect((await pty.exited().finally(() => clearInterval(again))).code).toBe(0);
  expect(queryStore(stateOfDemo(), 'SELECT status FROM jobs')).toEqual([{ status: 'completed' }]);
  expect(pty.screen()).toContain('export SALVOR_STATE=');
});

test('demo: Ctrl+C in the console ends the orphan and removes the directory', async () => {
  const pty = open('orphan');
  await pty.waitFor('Warehouse Moves');
  const tokens = readTokens();
  expect(findOrphans(tokens)).toHaveLength(1);
  pty.type('\u0003');
  expect((await pty.exited()).code).toBe(130);
  expect(findOrphans(tokens)).toEqual([]);
  expect(demos()).toEqual([]);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
] as const)(
  'demo: %s while the jobs are made ends what runs, removes the directory and exits %i',
  async (signal, code) => {
    await using running = startSalvor(['demo'], { env: env() });
    const tokens = await waitFor('a runner holds a job', () => {
      const found = existsSync(join(stateOfDemo(), 'salvor.db')) ? readTokens() : [];
      return found.length > 0 && found;
    });
    running.signal(signal);
    expect(await running.ended).toMatchObject({ code, signal: null });
    expect(findOrphans(tokens)).toEqual([]);
    expect(demos()).toEqual([]);
  },
);

test('demo: --keep without a terminal leaves the orphan to be found', async () => {
  const kept = await runSalvor(['demo', 'orphan', '--keep', '--json'], { env: env() });
  expect(kept.code).toBe(0);
  const tokens = readTokens();
  expect(findOrphans(tokens)).toHaveLength(1);
  const show = await runSalvor(['show', 'Warehouse Moves', '--state', stateOfDemo()]);
  expect(show.stdout).toContain('? --orphans end|wait: ');
  writeFileSync(join(stateOfDemo(), '..', 'orphan', 'go'), '');
  await waitFor('the orphan has ended', () => findOrphans(tokens).length === 0);
});
