// Terminal traps 5, 6, 8, 10, 15, 20 and 21: what is drawn, how much of it, and what is left of it afterwards.
import { afterEach, expect, test } from 'vitest';
import type { SessionState } from '../../src/core/session/schema.ts';
import { makeFakeReader, sampleUnreadable } from '../helpers/fake-reader.ts';
import { type OpenConsole, type OpenOptions, openConsole } from '../helpers/open-console.tsx';
import { sampleEvidence, sampleLooked, sampleSummary } from '../helpers/sample-evidence.ts';
import { sampleJobs } from '../helpers/sample-screens.ts';

let open: OpenConsole | undefined;

/** Opens a console that is closed after the test. */
function start(options?: OpenOptions): OpenConsole {
  open = openConsole(options);
  return open;
}

afterEach(async () => {
  open?.controls().end(0);
  await open?.ended.catch(() => undefined);
  open = undefined;
});

/** 1,000 jobs with a name of their own. */
const MANY = Array.from({ length: 1000 }, (_, at) =>
  sampleSummary({ job: { ...sampleSummary().job, id: `job-${at}`, name: `Job number ${at}` } }),
);

test.each([
  [20, 6],
  [40, 10],
  [80, 24],
  [120, 40],
  [200, 60],
  [300, 100],
])('frame: at %i x %i it fills the terminal, and every row is on a line of its own', async (columns, rows) => {
  const term = start({ columns, rows, reader: makeFakeReader({ jobs: MANY }) });
  await term.ready('Job numb');
  const lines = term.lines();
  expect(lines[0]).toContain('Salvor');
  const shown = lines.filter((line) => line.includes('Job numb'));
  expect(shown.length).toBeGreaterThanOrEqual(3);
  expect(shown.every((line) => line.split('Job numb').length === 2 || line.startsWith('Job'))).toBe(true);
  expect(term.scrollbackRows()).toBe(0);
  expect(term.output()).not.toContain('\u001b[2J');
});

test('resize: a storm of sizes leaves one copy of the screen', async () => {
  const term = start({ reader: makeFakeReader({ jobs: MANY }) });
  await term.ready('Job number 0');
  for (let step = 0; step < 30; step += 1)
    term.resize({ columns: 40 + ((step * 37) % 120), rows: 8 + ((step * 13) % 50) });
  term.resize({ columns: 100, rows: 30 });
  await term.waitFor(
    (screen) => screen.startsWith('Salvor') && screen.split('\n').length === 30 && screen.includes('q quit'),
  );
  const lines = term.lines();
  expect(lines.filter((line) => line.includes('Salvor'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('Last error:'))).toHaveLength(1);
  expect(lines.filter((line) => line.includes('Job number 0 '))).toHaveLength(1);
  expect(term.scrollbackRows()).toBe(0);
});

test('idle: not a byte is written while nothing changes, though the state is read again', async () => {
  const reader = makeFakeReader({ jobs: MANY });
  const term = start({ reader });
  await term.ready('> Job number 0');
  term.type('j');
  await term.waitFor('> Job number 1');
  // The end of a synchronized frame comes after what it shows.
  await expect.poll(() => term.output().endsWith('\u001b[?2026l')).toBe(true);
  const before = term.byteCount();
  const reads = reader.queries.length;
  reader.changed();
  await expect.poll(() => reader.queries.length).toBeGreaterThan(reads);
  await new Promise((resolve) => setImmediate(resolve));
  expect(term.byteCount()).toBe(before);
});

test('refresh: one changed line costs few bytes and erases no line', async () => {
  const reader = makeFakeReader({ jobs: MANY.slice(0, 10) });
  const term = start({ reader });
  await term.ready('Job number 0');
  const before = term.output().length;
  reader.state.jobs = reader.state.jobs.map((job, at) => (at === 4 ? { ...job, receiptCount: 48 } : job));
  reader.changed();
  await term.waitFor('48 receipts');
  const drawn = term.output().slice(before);
  expect(drawn.length).toBeLessThan(300);
  expect(drawn).not.toContain('\u001b[2K');
});

test('cursor: moving by one line costs few bytes', async () => {
  const term = start({ reader: makeFakeReader({ jobs: MANY }) });
  await term.ready('> Job number 0');
  const before = term.byteCount();
  term.type('j');
  await term.waitFor('> Job number 1');
  expect(term.byteCount() - before).toBeLessThan(1500);
});

test('crash: a throw while drawing gives the terminal back and is not lost', async () => {
  const term = start();
  await term.ready('California Orders');
  term.type('\r');
  await term.ready('> [resume]');
  term.session.become({ stage: 'executing', ...sampleLooked() } as unknown as SessionState);
  await expect(term.ended).rejects.toThrow(TypeError);
  expect(term.activeBuffer()).toBe('normal');
  expect(term.isRaw()).toBe(false);
  expect(term.output().lastIndexOf('\u001b[?25h')).toBeGreaterThan(term.output().lastIndexOf('\u001b[?25l'));
});

test('crash: a throw of a command gives the terminal back and is not lost', async () => {
  const openSession = (): never => {
    throw new Error('the session factory is broken');
  };
  const term = start({ options: { openSession } });
  await term.ready('California Orders');
  term.type('\r');
  await expect(term.ended).rejects.toThrow('the session factory is broken');
  expect(term.activeBuffer()).toBe('normal');
});

test('Ctrl+C: ends the console with 130', async () => {
  const term = start();
  await term.ready('California Orders');
  term.type('\u0003');
  expect(await term.ended).toEqual({ exitCode: 130, lastWords: 'Nothing was changed.' });
});

test('foreign text: nothing a name, error, unit or log line says reaches the terminal raw', async () => {
  const hostile =
    '\u001b[8mhidden\u001b]8;;http://x\u0007link\u001b]52;c;QUJD\u0007\u202egnp.exe\r\n\u0007\u009b31mred';
  const job = { ...sampleSummary().job, name: `Orders ${hostile}` };
  const jobs = [sampleSummary({ job, lastError: { code: hostile, message: hostile } })];
  const looked = sampleLooked({ evidence: sampleEvidence({ job }) });
  const term = start({
    reader: makeFakeReader({ jobs, log: [`log ${hostile}`] }),
    answers: { inspect: () => ({ stage: 'diagnosed', ...looked }) },
    options: { place: hostile },
  });
  await term.ready('Orders');
  term.type('\r');
  await term.ready('> [resume]');
  term.type('5');
  await term.ready('log hidden');
  const output = term.output();
  for (const trace of ['\u001b[8m', '\u001b]', '\u0007', '\u202e', '\u009b']) expect(output).not.toContain(trace);
});

test('list error: it is told with what to do, and the console stays', async () => {
  const reader = makeFakeReader({ jobs: [], listError: sampleUnreadable() });
  const term = start({ reader });
  await term.ready('STATE_UNREADABLE', 'or name another one with --state');
  delete reader.state.listError;
  reader.state.jobs = sampleJobs();
  reader.changed();
  await term.ready('California Orders');
});

test('a place that cannot be read is told beside the jobs of the others, and the title says so until it is read', async () => {
  const reader = makeFakeReader({ jobs: sampleJobs() });
  const unread = [{ path: '/srv/salvor', error: sampleUnreadable() }];
  const list: typeof reader.list = async (query) => ({ ...(await reader.list(query)), unread: [...unread] });
  const term = start({ reader: { ...reader, list } });
  await term.ready('California Orders', 'STATE_UNREADABLE', '1 place cannot be read');
  unread.length = 0;
  reader.changed();
  await term.waitFor((screen) => !screen.includes('1 place cannot be read'));
});

test('runConsole: a second console on the same terminal starts afresh', async () => {
  const first = start();
  await first.ready('California Orders');
  first.type('q');
  await first.ended;
  const again = openConsole({ options: { stdin: first.stdin, stdout: first.stdout, place: '/srv/other' } });
  await first.waitFor('/srv/other');
  again.controls().end(0);
  expect((await again.ended).exitCode).toBe(0);
  expect(first.output()).not.toContain('render() was called again');
});

test('runConsole: the terminal is asked nothing', async () => {
  const term = start();
  await term.ready('California Orders');
  for (const query of ['[?u', '[c', '[>']) expect(term.output()).not.toContain(`\u001b${query}`);
});
