import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findRunProcesses } from '../../../../src/platform/find-run-processes.ts';
import { findProcessesByEnvironment } from '../../../../src/platform/process-probe.ts';
import { makeFolder } from '../../../helpers/make-folder.ts';
import { makeTestEngine, makeWork, noReference } from './local-engine.ts';

const SHIP = { command: './ship.sh ${order_id} "${name}"', verify: './lookup.sh' };

/** Runs one command line on one row. */
async function run(
  command: string,
  changes: Parameters<typeof makeTestEngine>[0] = {},
  work: Parameters<typeof makeWork>[1] = {},
) {
  await using engine = makeTestEngine({ command, ...changes });
  const outcome = await engine.run('ok', work);
  return { outcome, lines: engine.lines, receipts: engine.receipts };
}

const code = ({ outcome }: Awaited<ReturnType<typeof run>>) =>
  `${outcome.type}${outcome.type === 'done' ? '' : ` ${outcome.error.code}`}`;

describe('the command engine', () => {
  it.each([
    ['ok', { type: 'done', receipt: '1ZA1' }],
    ['silent', { type: 'done' }],
    ['refuse', { type: 'failed', error: { code: 'E-3001', message: 'UPS API timeout' } }],
    ['maybe', { type: 'unknown', error: { code: 'E-3002', message: 'connection reset' } }],
    ['late', { type: 'unknown', error: { code: 'EXIT_3', message: 'label printer on fire' }, receipt: '1ZA1' }],
    [
      'two',
      {
        type: 'unknown',
        error: { code: 'RECEIPT_CONFLICT', message: 'it gave two receipts: 1ZA and 1ZB' },
        receipt: '1ZA',
      },
    ],
    [
      'crash',
      {
        type: 'unknown',
        error: { code: 'SIGNAL_SIGKILL', message: expect.stringMatching(/^it was ended by SIGKILL/) },
      },
    ],
  ])('tells how a row came out: %s', async (act, outcome) => {
    await using engine = makeTestEngine(SHIP);
    expect(await engine.run(act)).toEqual(outcome);
  });
  it('passes other lines on, and a receipt once', async () => {
    await using engine = makeTestEngine(SHIP);
    await engine.run('ok');
    expect(engine.lines).toEqual(['1 stdout: shipping A1 for Ada "x"']);
    expect(engine.receipts).toEqual(['1ZA1']);
  });
  it('passes a receipt on the moment it is printed', async () => {
    await using folder = await makeFolder();
    // The command ends only after the receipt was kept.
    await using engine = makeTestEngine({
      command: `echo '{"tracking_number":"R"}'; while [ ! -e ${folder.at('kept')} ]; do sleep 0.01; done`,
    });
    const outcome = engine.perform(
      makeWork('ok'),
      async (receipt) => {
        await folder.write('kept', receipt);
      },
      noReference,
    );
    expect(await outcome).toEqual({ type: 'done', receipt: 'R' });
  });
  it('waits for the receipt to be kept, and passes on that it could not be', async () => {
    await using engine = makeTestEngine(SHIP);
    const gate = Promise.withResolvers<void>();
    let ended = false;
    const outcome = engine
      .perform(makeWork('ok'), () => gate.promise, noReference)
      .finally(() => {
        ended = true;
      });
    await engine.stop();
    expect(ended).toBe(false);
    gate.reject(new Error('the store is full'));
    await expect(outcome).rejects.toThrow('the store is full');
  });
  it('gives the row as JSON on stdin and as variables, with what identifies the unit', async () => {
    const rowJson = '{"order_id":"A7","big":12345678901234567890,"note":"a\\nb"}';
    const command =
      'cat; echo "$ROW_BIG,$ROW_NOTE,$SALVOR_IDEMPOTENCY_KEY,$SALVOR_UNIT_NUMBER,$SALVOR_ATTEMPT,$SALVOR_EPOCH,$SALVOR_JOB_ID"';
    const { lines } = await run(command, {}, { number: 7, attempt: 2, rowJson });
    expect(lines).toEqual([`7 stdout: ${rowJson}`, '7 stdout: 12345678901234567890,a', '7 stdout: b,job/7,7,2,3,b1']);
  });
  it.each([
    ['exit 0', 'done'],
    ['exit 5', 'failed EXIT_5'],
    ['exit 137', 'unknown SIGNAL_SIGKILL'],
    ['exit 200', 'failed EXIT_200'],
    ['no-such-program', 'failed EXIT_127'],
    ['sleep 1 & kill -TERM $!; wait $!', 'unknown SIGNAL_SIGTERM'],
    ['echo \'{"error":{"code":75}}\'; exit 1', 'failed 75'],
    ['echo \'{"error":"no"}\'; exit 2', 'failed EXIT_2'],
    ['echo \'{"error":{"code":"E"}}\'', 'unknown E'],
    ['echo \'{"error":{"code":"E"},"ambiguous":"perhaps"}\'; exit 1', 'unknown E'],
    ['echo \'{"error":{"code":"E"}}\'; echo \'{"tracking_number":"R"}\'', 'done'],
    ['echo \'{"ambiguous":true}\'; exit 1', 'unknown EXIT_1'],
    ['echo \'{"ambiguous":true}\'', 'unknown EXIT_0'],
    ['echo \'{"ambiguous":false}\'; exit 1', 'failed EXIT_1'],
    ['echo \'{"error":true}\'', 'unknown EXIT_0'],
    // What was printed and not read could have been a receipt.
    ['head -c 70000 /dev/zero | tr "\\0" x; exit 75', 'unknown OUTPUT_UNREAD'],
    ['printf \'{"tracking_number":"%070000d"}\\n\' 1; exit 75', 'unknown OUTPUT_UNREAD'],
    ['printf \'{"tracking_number":"1Z\'; exit 75', 'unknown OUTPUT_UNREAD'],
    ['printf \'{"tracking_number":"1Z\\351"}\\n\'; exit 75', 'unknown OUTPUT_UNREAD'],
    ['printf \'ok: {"tracking_number":"1Z"}\\n\'; exit 75', 'unknown OUTPUT_UNREAD'],
    ['printf \'{\\n"tracking_number":"1Z"\\n}\\n\'; exit 75', 'unknown OUTPUT_UNREAD'],
    ['printf \'{"tracking_number":["1Z"]}\\n\'; exit 75', 'unknown OUTPUT_UNREAD'],
    ["printf '\\377\\376{\\0\"\\0'; exit 75", 'unknown OUTPUT_UNREAD'],
    ['printf \'\\357\\273\\277{"tracking_number":"1Z"}\\n\'; exit 75', 'unknown EXIT_75'],
    ["printf 'br\\351ve\\n'; exit 75", 'failed EXIT_75'],
    ["printf '[1]\\n'; exit 75", 'failed EXIT_75'],
    ['head -c 70000 /dev/zero >&2; exit 75', 'failed EXIT_75'],
    ['head -c 70000 /dev/zero | tr "\\0" x; exit 0', 'done'],
  ])('judges %s', async (command, outcome) => {
    expect(code(await run(command))).toBe(outcome);
  });
  it('reads a receipt behind a byte order mark', async () => {
    const { outcome } = await run('printf \'\\357\\273\\277{"tracking_number":"1Z"}\\n\'');
    expect(outcome).toEqual({ type: 'done', receipt: '1Z' });
  });
  it('keeps receipts that are numbers to the last digit; empty ones are none', async () => {
    const command = 'echo \'{"tracking_number": 12345678901234567890}\'';
    expect(await run(command)).toMatchObject({ outcome: { receipt: '12345678901234567890' } });
    expect((await run('echo \'{"tracking_number": " "}\'')).outcome).toEqual({ type: 'done' });
  });
  it('takes the last line of stderr as the message', async () => {
    expect((await run('echo first >&2; echo last >&2; echo >&2; exit 4')).outcome).toEqual({
      type: 'failed',
      error: { code: 'EXIT_4', message: 'last' },
    });
  });
  it('does not mind a command that does not read a large row', async () => {
    const rowJson = JSON.stringify({ act: 'ok', order_id: 'x'.repeat(100_000), name: 'n' });
    expect((await run('exec <&-; exit 0', {}, { rowJson })).outcome).toEqual({ type: 'done' });
  });
  it('reads any amount of output and cuts lines that never end', async () => {
    const { outcome, lines } = await run('head -c 3000000 /dev/zero | tr "\\0" x; echo; echo end; exit 0');
    expect(outcome).toEqual({ type: 'done' });
    expect(lines).toHaveLength(2);
    expect(lines[0]).toMatch(/^1 stdout: x{65536} \[2934464 bytes more, left out\]$/);
  });
  it('does not wait for a process that keeps the output open', async () => {
    const { outcome, lines } = await run('sleep 20 & echo "$!"; exit 0');
    expect(outcome).toEqual({ type: 'done' });
    expect(lines[1]).toBe('1 note: its output is still held open by another process and is not waited for');
    process.kill(Number(lines[0]?.split(' ').at(-1)));
  });
  it('ends the whole tree of a command that takes too long, also what left the family', async () => {
    await using engine = makeTestEngine({
      command: 'trap "" TERM; sleep 100 & env -i setsid sleep 101 & setsid sleep 102 & wait',
      timeoutMs: 100,
    });
    const outcome = await engine.run('ok');
    expect(outcome).toEqual({ type: 'unknown', error: { code: 'timeout', message: 'it did not end within 100 ms' } });
    expect(findProcessesByEnvironment(new Set([`SALVOR_RUN_TOKEN=${engine.runToken}`]))).toEqual([]);
  });
  it('ends what the shell had started when the shell alone is killed', async () => {
    await using engine = makeTestEngine({ command: 'sleep 100 >/dev/null 2>&1 & kill -9 $$' });
    expect(await engine.run('ok')).toMatchObject({ type: 'unknown', error: { code: 'SIGNAL_SIGKILL' } });
    expect(findProcessesByEnvironment(new Set([`SALVOR_RUN_TOKEN=${engine.runToken}`]))).toEqual([]);
  });
  it('finishes the row when Ctrl+C reaches the whole process group', async () => {
    const { outcome } = await run('sh -c \'kill -INT $$; echo "{\\"tracking_number\\":\\"R\\"}"\'');
    expect(outcome).toEqual({ type: 'done', receipt: 'R' });
  });
  it('ends everything at once when it is killed; the row is in doubt', async () => {
    await using engine = makeTestEngine({ command: 'echo up; sleep 100' });
    const outcome = engine.run('ok');
    await waitFor(() => engine.lines.length > 0);
    engine.kill();
    expect(await outcome).toMatchObject({ type: 'unknown', error: { code: 'SIGNAL_SIGKILL' } });
  });
  it.each([
    [
      'a row larger than a command may be given',
      {},
      { rowJson: JSON.stringify({ order_id: 'x'.repeat(200_000) }) },
      'failed ROW_UNPASSABLE',
    ],
    ['a NUL character', {}, { rowJson: '{"order_id":"a\\u0000b"}' }, 'failed ROW_UNPASSABLE'],
    [
      'a row without the column',
      { command: './ship.sh ${row.extra}', rowsFormat: 'jsonl' },
      {},
      'failed ROW_COLUMN_MISSING',
    ],
    ['a directory that is gone', { directory: '/no-such-directory/at/all' }, {}, 'failed SPAWN_ENOENT'],
  ] as const)('fails a row before any effect: %s', async (...[, changes, work, expected]) => {
    expect(code(await run('true', changes, work))).toBe(expected);
  });
});

describe('a process that outlives its command', () => {
  const LEFT = { type: 'unknown', error: { code: 'PROCESS_LEFT' } };
  /** The command of a process that would act: it writes a file, and only when nobody ends it. */
  const act = (folder: { readonly at: (name: string) => string }) => `sleep 1; : > ${folder.at('acted')}`;

  it.each([
    ['in the background', (act: string) => `(${act}) & exit 75`],
    ['without its output', (act: string) => `(${act}) >/dev/null 2>&1 & exit 75`],
    ['in a session of its own', (act: string) => `setsid sh -c '${act}' >/dev/null 2>&1 & exit 75`],
    ['with a cleared environment', (act: string) => `(env -i setsid sh -c '${act}' >/dev/null 2>&1 &); exit 75`],
    ['without the descriptor', (act: string) => `(setsid sh -c '${act}' >/dev/null 2>&1 3>&- &); exit 75`],
    ['of a command that was killed', (act: string) => `(setsid sh -c '${act}' >/dev/null 2>&1 &); kill -9 $$`],
  ])('is ended, and the row is in doubt: %s', async (_what, makeCommand) => {
    await using folder = await makeFolder();
    await using engine = makeTestEngine({ command: makeCommand(act(folder)) });
    const outcome = await engine.run('ok');
    expect(outcome.type).toBe('unknown');
    expect(findRunProcesses([engine.runToken])).toEqual([]);
    expect(existsSync(folder.at('acted'))).toBe(false);
  });
  it('is named', async () => {
    await using engine = makeTestEngine({ command: 'sleep 77 >/dev/null 2>&1 & echo no >&2; exit 75' });
    const outcome = await engine.run('ok');
    const message = expect.stringMatching(/^no; process \d+ \(sleep 77\) of it worked on: ended$/);
    expect(outcome).toEqual({ ...LEFT, error: { ...LEFT.error, message } });
  });
  it('of another row is left alone', async () => {
    await using engine = makeTestEngine({ command: './ship.sh' });
    const other = makeWork('hang', { number: 2 });
    const hanging = engine.perform(other, async () => {}, noReference);
    await waitFor(() => findRunProcesses([engine.runToken]).length > 0);
    expect(await engine.run('refuse')).toMatchObject({ type: 'failed', error: { code: 'E-3001' } });
    expect(findRunProcesses([engine.runToken]).map(({ unitNumber }) => unitNumber)).toContain(2);
    engine.kill();
    await hanging;
  });
  it('of a row that is done is left alone', async () => {
    await using engine = makeTestEngine({ command: 'sleep 78 >/dev/null 2>&1 & exit 0' });
    expect(await engine.run('ok')).toEqual({ type: 'done' });
    const [left] = findRunProcesses([engine.runToken]);
    expect(left).toMatchObject({ command: 'sleep 78', unitNumber: 1 });
    process.kill(left?.pid ?? 0);
  });
});

describe('the verify hook', () => {
  it.each([
    ['ok', { type: 'done', receipt: '1ZA1' }],
    ['silent', { type: 'done' }],
    ['refuse', { type: 'not_done' }],
    ['maybe', { type: 'unanswered', error: { code: 'EXIT_2', message: 'the carrier does not answer' }, isDown: false }],
    [
      'late',
      {
        type: 'unknown',
        error: { code: 'EXIT_1', message: 'verify: it ended with exit code 1; it gave receipt 1ZA1 as well' },
      },
    ],
    [
      'crash',
      {
        type: 'unanswered',
        error: { code: 'SIGNAL_SIGKILL', message: expect.stringContaining('SIGKILL') },
        isDown: true,
      },
    ],
  ])('says what became of a row: %s', async (act, outcome) => {
    await using engine = makeTestEngine(SHIP);
    expect(await engine.verify?.(makeWork(act))).toEqual(outcome);
  });
  it('gives no answer when it takes too long or is not there, and cannot tell when it cannot be given the row', async () => {
    await using engine = makeTestEngine({ ...SHIP, timeoutMs: 100 });
    expect(await engine.verify?.(makeWork('hang'))).toMatchObject({ type: 'unanswered', error: { code: 'timeout' } });
    await using missing = makeTestEngine({ ...SHIP, verify: './gone.sh' });
    expect(await missing.verify?.(makeWork('ok'))).toMatchObject({
      type: 'unanswered',
      error: { code: 'EXIT_127' },
      isDown: true,
    });
    expect(await missing.verify?.(makeWork('ok', { rowJson: '{"a":"\\u0000"}' }))).toMatchObject({
      type: 'unknown',
      error: { code: 'ROW_UNPASSABLE' },
    });
  });
  it('is absent when the job has none', () => {
    expect(makeTestEngine({ command: 'true' }).verify).toBeUndefined();
  });
});

/** Resolves when the state is there; looks again at every turn of the event loop. */
async function waitFor(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}
