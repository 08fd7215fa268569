// Agreeing: only to what has been on the screen, and by what a person can type.
import { expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { DOWN, ENTER, killAt, openRealConsole, type RealConsole } from '../helpers/real-console.ts';
import { alterStore } from '../helpers/state.ts';

/** Presses Down until everything was on the screen; answers all that was seen on the way. */
async function readOn(screen: RealConsole): Promise<string> {
  let seen = screen.screen();
  for (let at = 0; at < 40; at += 1) {
    const unread = screen.lines().find((line) => line.includes('Down to read on'));
    if (unread === undefined) return seen;
    screen.type(DOWN);
    seen += await screen.waitFor((text) => !text.includes(unread) && !text.includes('Read the plan... '));
  }
  throw new Error(`there is always more to read:\n${seen}`);
}

const flat = (text: string): string => text.replaceAll(/\s+/gu, ' ');

test('console: at 40x9 y agrees only once every step and warning was on the screen', async () => {
  await using job = await makeLedgerJob({ rowCount: 5, verify: true });
  await killAt(job, 'k3', 'pause');
  using screen = openRealConsole(job.state, { columns: 40, rows: 9 });
  await screen.ready('Shipping');
  await screen.press('r', 'more lines, Down to read on, then y');
  expect(screen.screen()).not.toContain('run 2 rows');
  // All the way down in one key would leave out what is between.
  await screen.press('y', 'more lines, Down to read on');
  await screen.press('G', 'Down to read on');
  await screen.press('y', 'Down to read on');
  expect(job.ledger()).toHaveLength(2);
  const seen = flat(await readOn(screen));
  for (const step of ['1. take the job', '2. settle 1 row', '3. run 2 rows']) expect(seen).toContain(step);
  await screen.agree();
  job.go();
  await screen.ready('recovered to the end');
});

test.each([
  ['cleaned', 'Evil\u202etxt', 'Eviltxt'],
  ['cut', `Long ${'x'.repeat(300)}`, `Long ${'x'.repeat(194)}…`],
])('console: a name that is shown %s is confirmed by the id, and the prompt says so', async (_how, name, typed) => {
  await using job = await makeLedgerJob({ rowCount: 3 });
  await killAt(job, 'k2', 'pause');
  alterStore(job.state, 'UPDATE jobs SET name = ?', name);
  using screen = openRealConsole(job.state, { columns: 120, rows: 40 });
  await screen.ready('interrupted (1 in doubt)');
  await screen.press('R', 'The name of this job cannot be typed.', `type its id and press Enter: ${job.jobId()}`);
  await screen.press(`${typed}${ENTER}`, 'That is not the id of the job; nothing was done.');
  expect(job.ledger()).toHaveLength(1);
  job.go();
  await screen.press(`\u0015${job.jobId()}${ENTER}`, 'recovered to the end. 3 rows done now');
});

test.each([
  ['Zürich  Lädt', 'Zu\u0308rich La\u0308dt'],
  ['配送ジョブ', '配送ジョブ'],
])('console: a name is typed as it is displayed: %s', async (name, typed) => {
  await using job: LedgerJob = await makeLedgerJob({ rowCount: 3, name: `"${name}"` });
  await killAt(job, 'k2', 'pause');
  using screen = openRealConsole(job.state, { columns: 120, rows: 40 });
  await screen.ready('interrupted (1 in doubt)');
  await screen.press('R', `(or its id ${job.jobId()})`);
  job.go();
  await screen.press(`${typed}${ENTER}`, 'recovered to the end. 3 rows done now');
});
