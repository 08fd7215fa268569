// States an operator may meet: what cannot be done says why and what to do, and nothing foreign reaches the terminal.
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { DOWN, ENTER, killAt, openRealConsole } from '../helpers/real-console.ts';
import { alterStore, hashFiles } from '../helpers/state.ts';

/** A job killed at its second row. */
async function makeKilledJob(options: Parameters<typeof makeLedgerJob>[0] = {}): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 3, ...options });
  await killAt(job, 'k2', 'pause');
  return job;
}

test('console: names, receipts and logs full of escape sequences are shown without any', async () => {
  await using job = await makeLedgerJob({ rowCount: 2 });
  writeFileSync(
    job.folder.at('ship.sh'),
    `#!/bin/sh\nprintf '\\033]0;owned\\007log\\033[31m line\\n' >&2\nprintf '{"tracking_number":"\\\\u001b[2J\\\\u001b]0;owned\\\\u00071Z"}\\n'\n[ "$ROW_ID" = k1 ] || { echo '{"error":{"code":"E\\u001b[5m1","message":"bad \\u001b[2Jnews"}}'; exit 1; }\n`,
  );
  const { code, stderr } = await job.salvor(['run', 'job.yaml']);
  expect(code, stderr).toBe(5);
  alterStore(job.state, 'UPDATE jobs SET name = ?', '\u001b]0;owned\u0007Evil\u001b[2J\u202etxt');
  alterStore(job.state, 'UPDATE units SET key = ? WHERE number = 2', '\u001b[31mkey\u001b]0;owned\u0007');
  using screen = openRealConsole(job.state);
  await screen.ready('> Evil', 'Last error:');
  await screen.press(ENTER, "Job 'Evil", 'failed with 1 of 2 rows done', '(tracking: 1Z)');
  await screen.press('2', 'k1', ' key ', 'receipt 1Z');
  await screen.press('5', 'log line');
  await screen.press('3', 'Findings');
  screen.type('qq');
  await screen.exited();
  expect(screen.output()).not.toContain('owned');
  expect(screen.output()).not.toContain('\u202e');
  expect(screen.output()).not.toContain('[5m');
});

test('console: read-only shows everything, says so, and changes not one byte', async () => {
  await using job = await makeKilledJob();
  const before = hashFiles(job.state);
  using screen = openRealConsole(job.state, { args: ['--read-only'] });
  await screen.ready('READ-ONLY', 'Shipping');
  await screen.press(ENTER, 'not now: Salvor was started read-only');
  await screen.press('r', 'leave out --read-only to act');
  await screen.press('v', '1 row to decide about');
  await screen.press('s', 'leave out --read-only to act');
  screen.type('qqq');
  expect((await screen.exited()).code).toBe(0);
  expect(hashFiles(job.state)).toEqual(before);
});

test('console: a policy that denies says so in the menu and what to do on the key', async () => {
  await using job = await makeKilledJob();
  const roles = { viewer: { allow: ['recover:cancel'] } };
  const bindings = [{ principal: 'local:ops', roles: ['viewer'] }];
  const policy = await job.folder.write('policy.json', JSON.stringify({ team_mode: true, bindings, roles }));
  using screen = openRealConsole(job.state, { args: ['--policy', policy, '--principal', 'local:ops'] });
  await screen.ready('Shipping');
  await screen.press(ENTER, '[resume]  - not now: the access policy denies it', '[cancel]  - Abandon');
  await screen.press('r', 'principal=local:ops action=recover:resume', 'Ask for a role');
  await screen.press('X', 'record the job as cancelled');
});

test('console: a broken audit chain is shown with its place, and refuses every choice', async () => {
  await using job = await makeKilledJob();
  alterStore(job.state, "UPDATE audit SET principal = 'somebody else'");
  using screen = openRealConsole(job.state);
  await screen.ready('Shipping');
  await screen.press(ENTER, '! the audit chain is broken at entry 1', '[cancel]  - not now: the audit chain is broken');
  await screen.press('4', 'The chain is broken at entry 1.', 'somebody else');
  expect(job.ledger()).toHaveLength(1);
});

test('console: a runner on another host leaves the verdict open, and resume says what to make sure of', async () => {
  await using job = await makeKilledJob();
  alterStore(job.state, "UPDATE leases SET host = 'elsewhere', heartbeat_at_ms = ?", Date.now() + 3_600_000);
  using screen = openRealConsole(job.state);
  await screen.ready('Shipping: unknown: Salvor cannot tell whether it runs');
  await screen.press(ENTER, "Job 'Shipping'");
  await screen.press('r', 'LIVENESS_UNKNOWN', 'Make sure by hand');
});

test('console: a store of a newer version is left alone, with what to do', async () => {
  await using job = await makeKilledJob();
  alterStore(job.state, 'PRAGMA user_version = 999');
  using screen = openRealConsole(job.state);
  await screen.ready('The jobs cannot be read.', 'STATE_TOO_NEW', 'schema version 999', 'Use the newer Salvor');
  screen.type('q');
  expect((await screen.exited()).code).toBe(0);
});

test('console: a state directory that is named and not there is not opened, and not made', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'salvor-none-'));
  try {
    using screen = openRealConsole(join(folder, 'none'));
    expect((await screen.exited()).code).toBe(2);
    expect(screen.screen()).toMatch(/does\s+not exist/u);
    expect(existsSync(join(folder, 'none'))).toBe(false);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each([
  [40, 10],
  [80, 24],
  [200, 60],
])('console: at %i x %i every screen of a job fits, without colour too', async (columns, rows) => {
  await using job = await makeKilledJob();
  using screen = openRealConsole(job.state, { columns, rows, env: { NO_COLOR: '1' } });
  await screen.ready('Shipping');
  await screen.press(ENTER, "Job 'Shipping'", '[resume]', '[cancel]');
  for (const [key, text] of [
    ['2', 'k3'],
    ['3', 'Findings'],
    ['4', 'run by'],
    ['1', '[review]'],
    ['v', 'k2'],
    ['s', 'What is true about it?'],
  ] as const) {
    await screen.press(key, text);
    expect(screen.lines()[0]).toMatch(/^Salvor {2}Shipping - /);
  }
  await screen.press('q', 'KEY');
  await screen.press('q', '[resume]');
  await screen.press('R', 'To agree, type the name');
  for (let at = 0; screen.screen().includes('Down to read on') && at < 30; at += 1) {
    const line = screen.lines().find((text) => text.includes('Down to read on'));
    screen.type(DOWN);
    await screen.waitFor((text) => !text.includes(String(line)));
  }
  await screen.press(`wrong${ENTER}`, 'That is not the name of the job', '> wrong_');
  expect(screen.output().match(/\[[0-9;]*m/g)).toBeNull();
  expect(readFileSync(job.folder.at('ledger'), 'utf8').split('\n')).toHaveLength(2);
});
