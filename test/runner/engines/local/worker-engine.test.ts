import { describe, expect, it } from 'vitest';
import { findProcessesByEnvironment } from '../../../../src/platform/process-probe.ts';
import { waitFor } from '../../../helpers/wait-for.ts';
import { makeTestEngine, makeWork, noReference, type TestEngine } from './local-engine.ts';

const SHIP = { worker: 'node ship-worker.mjs' };
const died = (message: unknown, receipt?: string) => ({
  type: 'unknown',
  error: { code: 'WORKER_DIED', message },
  ...(receipt === undefined ? {} : { receipt }),
});

const findWorkers = (engine: TestEngine) =>
  findProcessesByEnvironment(new Set([`SALVOR_RUN_TOKEN=${engine.runToken}`]));

describe('the worker engine', () => {
  it.each([
    ['ok', { type: 'done', receipt: '1ZA1' }],
    ['silent', { type: 'done' }],
    ['result', { type: 'done', resultJson: '{"big":12345678901234567890}' }],
    ['refuse', { type: 'failed', error: { code: 'E-3001', message: 'UPS API timeout' } }],
    ['maybe', { type: 'unknown', error: { code: 'E-3002', message: 'reset' } }],
    ['late', { type: 'unknown', error: { code: 'E-9', message: 'label printer on fire' }, receipt: '1ZA1' }],
    [
      'two',
      {
        type: 'unknown',
        error: { code: 'RECEIPT_CONFLICT', message: 'it gave two receipts: 1ZA and 1ZB' },
        receipt: '1ZA',
      },
    ],
    ['crash', died('the worker was ended by SIGKILL')],
    ['receipt-crash', died('the worker was ended by SIGKILL', '1ZA1')],
  ])('tells how a row came out: %s', async (act, outcome) => {
    await using engine = makeTestEngine(SHIP);
    await engine.start();
    expect(await engine.run(act)).toEqual(outcome);
    await engine.stop();
    expect(findWorkers(engine)).toEqual([]);
  });
  it('gives the row with every digit and every character, and its key, id and parameters', async () => {
    await using engine = makeTestEngine({
      worker: 'node ship-worker.mjs "${speed}"',
      params: { speed: "fa'st $(id)" },
    });
    const rowJson = '{"act":"echo",\r"note":"a\u2028b\u2029c\\u00e9","x":1.50}';
    expect(await engine.run('echo', { rowJson, key: 'K"1', number: 5 })).toEqual({
      type: 'done',
      resultJson: JSON.stringify({
        key: 'K"1',
        idempotency_key: 'job/5',
        row: { act: 'echo', note: 'a\u2028b\u2029cé', x: 1.5 },
        args: ["fa'st $(id)"],
        token: engine.runToken,
      }),
    });
  });
  it('tells lines that are no answer and takes nothing from them', async () => {
    await using engine = makeTestEngine(SHIP);
    expect(await engine.run('noise')).toEqual({ type: 'done' });
    expect(await engine.run('ok')).toEqual({ type: 'done', receipt: '1ZA1' });
    expect(engine.lines).toEqual([
      '- stdout: starting up',
      '- stdout: {"level":30,"id":1,"msg":"shipping"}',
      '- stdout: [1]',
    ]);
  });
  it('answers many rows at a time, each its own', async () => {
    await using engine = makeTestEngine({ ...SHIP, concurrency: 300 });
    const outcomes = await Promise.all(
      Array.from({ length: 300 }, (_, index) => engine.run('ok', { number: index + 1 })),
    );
    expect(outcomes).toEqual(outcomes.map((_, index) => ({ type: 'done', receipt: `1ZA${index + 1}` })));
    expect(engine.receipts).toHaveLength(300);
  });
  it('keeps the receipt before it tells that the row is done', async () => {
    await using engine = makeTestEngine(SHIP);
    const gate = Promise.withResolvers<void>();
    let told = false;
    const slow = engine
      .perform(makeWork('ok'), () => gate.promise, noReference)
      .finally(() => {
        told = true;
      });
    // The answer to the second row comes after the answer to the first.
    expect(await engine.run('silent')).toEqual({ type: 'done' });
    expect(told).toBe(false);
    gate.resolve();
    expect(await slow).toEqual({ type: 'done', receipt: '1ZA1' });
  });
  it('passes on that a receipt could not be kept', async () => {
    await using engine = makeTestEngine(SHIP);
    await expect(engine.perform(makeWork('ok'), () => Promise.reject(new Error('full')), noReference)).rejects.toThrow(
      'full',
    );
  });
  it('leaves every row in hand in doubt when it dies, and starts again for the next', async () => {
    await using engine = makeTestEngine(SHIP);
    const inHand = [engine.run('hang'), engine.run('hang', { number: 2 }), engine.run('crash', { number: 3 })];
    for (const outcome of await Promise.all(inHand)) expect(outcome).toMatchObject({ type: 'unknown' });
    expect(await engine.run('ok')).toEqual({ type: 'done', receipt: '1ZA1' });
  });
  it('gives up on a worker that dies three times without having finished a row', async () => {
    await using engine = makeTestEngine({ worker: 'node ship-worker.mjs --broken' });
    for (let death = 1; death <= 3; death++) {
      expect(await engine.run('ok')).toEqual(died('the worker ended with exit code 3: no license'));
    }
    await expect(engine.run('ok')).rejects.toMatchObject({
      code: 'RUN_FAILED',
      message:
        'the worker ended 3 times in a row without finishing a row; last: the worker ended with exit code 3: no license',
    });
  });
  it('does not give up on one that finishes a row each time', async () => {
    await using engine = makeTestEngine(SHIP);
    for (let life = 1; life <= 4; life++) {
      expect(await engine.run('ok')).toMatchObject({ type: 'done' });
      expect(await engine.run('crash')).toMatchObject({ type: 'unknown' });
    }
  });
  it.each([
    ['is not found by the shell', { worker: 'no-such-worker' }, 'EXIT_127'],
    ['has no directory to run in', { worker: 'cat', directory: '/no-such-directory/at/all' }, 'SPAWN_ENOENT'],
  ])('fails rows of a worker that %s: nothing was done', async (_, changes, errorCode) => {
    await using engine = makeTestEngine(changes);
    expect(await engine.run('ok')).toMatchObject({ type: 'failed', error: { code: errorCode } });
  });
  it('ends a worker that does not answer in time: the row is in doubt, the next gets a new worker', async () => {
    await using engine = makeTestEngine({ ...SHIP, timeoutMs: 400 });
    expect(await engine.run('hang')).toEqual({
      type: 'unknown',
      error: { code: 'timeout', message: 'the worker did not answer within 400 ms' },
    });
    expect(await engine.run('ok')).toEqual({ type: 'done', receipt: '1ZA1' });
    expect(findWorkers(engine).filter(({ command }) => command.startsWith('node'))).toHaveLength(1);
  });
  it('ends what a dead worker left behind before its rows are told', async () => {
    await using engine = makeTestEngine({ worker: 'sleep 100 >/dev/null 2>&1 & kill -9 $$' });
    expect(await engine.run('ok')).toMatchObject({ type: 'unknown' });
    expect(findWorkers(engine)).toEqual([]);
  });
  it('ends at once when it is killed', async () => {
    await using engine = makeTestEngine(SHIP);
    await engine.run('ok');
    const outcome = engine.run('hang');
    engine.kill();
    expect(await outcome).toMatchObject({ type: 'unknown', error: { code: 'WORKER_DIED' } });
    await expect(engine.run('ok')).rejects.toMatchObject({ code: 'RUN_INTERRUPTED' });
  });
  it('waits for a full pipe: rows of many megabytes go through', async () => {
    await using engine = makeTestEngine(SHIP);
    const rowJson = JSON.stringify({ act: 'silent', text: 'x'.repeat(1_000_000) });
    const outcomes = await Promise.all(Array.from({ length: 8 }, () => engine.run('silent', { rowJson })));
    expect(outcomes).toEqual(Array(8).fill({ type: 'done' }));
  });
});

describe('a worker that breaks the protocol', () => {
  /** What becomes of two rows in hand when the second one's answer is this. */
  async function say(line: string) {
    await using engine = makeTestEngine(SHIP);
    const first = engine.run('hang', { number: 1 });
    const rowJson = JSON.stringify({ act: 'say', say: line });
    const second = engine.run('say', { number: 2, rowJson });
    const outcomes = [await first, await second];
    // The next row gets a new worker.
    expect(await engine.run('ok', { number: 3 })).toEqual({ type: 'done', receipt: '1ZA3' });
    expect(findWorkers(engine).filter(({ command }) => command.startsWith('node'))).toHaveLength(1);
    return outcomes.map((outcome) => (outcome.type === 'unknown' ? outcome.error : outcome));
  }
  const broken = (why: string) => ({
    code: 'WORKER_PROTOCOL',
    message: `the worker broke the protocol: ${why}`,
  });

  it.each([
    ['an answer for a row that is not in hand', '{"id":1,"ok":true}\n', /: an answer is for id 1, and no such row/],
    ['an answer without a number as id', '{"id":"x","ok":true}\n', /: an answer has no number as id$/],
    ['an ok that is neither true nor false', '{"id":ID,"ok":"yes"}\n', /: an answer's ok is neither true nor false$/],
    ['an answer that is cut off', '{"id":ID,"ok"\n', /: an answer is no JSON$/],
    [
      "another row's key",
      '{"id":ID,"key":"A1","ok":true}\n',
      /: the answer for id \d+ names another row than number 2$/,
    ],
    ["another row's idempotency key", '{"id":ID,"idempotency_key":"job/1","ok":false}\n', /names another row/],
    ['a receipt that is a list', '{"id":ID,"receipt":["1Z"]}\n', /neither ok nor a receipt that is text or a number$/],
    ['an answer over 1 MiB', `{"id":ID,"ok":true,"result":"${'x'.repeat(1_100_000)}"}\n`, /bytes longer than is read$/],
  ])('is ended, and all it had in hand is in doubt: %s', async (_what, line, why) => {
    const error = { code: 'WORKER_PROTOCOL', message: expect.stringMatching(why) };
    expect(await say(line)).toEqual([error, error]);
  });
  it('is ended when it answers a second time; the first answer stands', async () => {
    const outcomes = await say('{"id":ID,"ok":true}\n{"id":ID,"ok":false,"error":"no"}\n');
    const why = expect.stringMatching(/^the worker broke the protocol: an answer is for id \d+, and no such row/);
    expect(outcomes).toEqual([{ code: 'WORKER_PROTOCOL', message: why }, { type: 'done' }]);
  });
  it.each([
    ['a yes', '{"id":ID,"ok":true}\n', undefined],
    ['a receipt and a yes', '{"id":ID,"receipt":"R3"}\n{"id":ID,"ok":true}\n', 'R3'],
    ['a receipt', '{"id":ID,"receipt":"R3"}\n', 'R3'],
    ['a word that it may have happened', '{"id":ID,"ambiguous":true}\n', undefined],
    ['another no', '{"id":ID,"ok":false,"error":"no"}\n', undefined],
    ['a line of a megabyte, then a yes', `${'x'.repeat(1_000_000)}\n{"id":ID,"ok":true}\n`, undefined],
  ])('is ended when it takes back a no at once, and the row is in doubt: %s', async (_what, line, receipt) => {
    await using engine = makeTestEngine(SHIP);
    const rowJson = JSON.stringify({ act: 'say', say: `{"id":ID,"ok":false,"error":"no"}\n${line}` });
    const message = expect.stringMatching(
      /^the worker broke the protocol: something is said of id \d+, which had failed/,
    );
    const outcome = await engine.run('say', { rowJson });
    expect(outcome).toEqual({
      type: 'unknown',
      error: { code: 'WORKER_PROTOCOL', message },
      ...(receipt !== undefined && { receipt }),
    });
    expect(findWorkers(engine)).toEqual([]);
  });
  it('is believed in its no when a prompt without a line end follows, or its own end', async () => {
    await using engine = makeTestEngine(SHIP);
    const no = '{"id":ID,"ok":false,"error":{"code":"E"}}\n';
    const answer = (say: string) => engine.run('say', { rowJson: JSON.stringify({ act: 'say', say }) });
    expect(await answer(`${no}> `)).toEqual({
      type: 'failed',
      error: { code: 'E', message: 'the worker gave no reason' },
    });
    await using last = makeTestEngine({
      worker: `read -r row; id=\${row#*'"id":'}; echo '{"id":'\${id%%,*}',"ok":false,"error":{"code":"E"}}'`,
    });
    expect(await last.run('ok')).toMatchObject({ type: 'failed', error: { code: 'E' } });
  });
  it('is ended when its output is no UTF-8 where an answer begins', async () => {
    await using engine = makeTestEngine({ worker: 'read -r row; printf \'{"id":1,"ok":tr\\351\\n\'; sleep 100' });
    const outcome = await engine.run('ok');
    expect(outcome).toEqual({ type: 'unknown', error: broken('an answer is not UTF-8') });
  });
  it('cannot answer a row before it has read it', async () => {
    const answers = Array.from({ length: 50 }, (_, index) => `{"id":${index},"receipt":"R${index}","ok":true}`);
    await using engine = makeTestEngine({ worker: `printf '%s\\n' '${answers.join("' '")}'; sleep 100` });
    const outcome = await engine.run('ok');
    expect(outcome).toEqual({
      type: 'unknown',
      error: broken('an answer is for id 0, and no such row is in hand'),
    });
    expect(engine.receipts).toEqual([]);
  });
  it.each([
    ['output', 'read -r row; exec >&-; sleep 100', 'WORKER_OUTPUT_CLOSED'],
    ['output, in a program of its own', './mute-worker.sh', 'WORKER_OUTPUT_CLOSED'],
    ['input, before it is given a row', 'exec <&-; echo closed; sleep 100', 'WORKER_INPUT_CLOSED'],
  ])('is ended when it closes its %s and lives on', async (_what, worker, errorCode) => {
    await using engine = makeTestEngine({ worker });
    await engine.start();
    if (worker.includes('echo')) await waitFor('it says so', () => engine.lines.length > 0);
    const inHand = await engine.run('ok');
    expect(inHand).toMatchObject({ type: 'unknown', error: { code: errorCode } });
    expect(findWorkers(engine)).toEqual([]);
  });
});

describe('what a worker says of a row before its outcome', () => {
  const tell = (engine: TestEngine, number: number, say: string) =>
    engine.run('say', { number, rowJson: JSON.stringify({ act: 'say', say }) });

  it('a receipt that was given for two rows proves neither', async () => {
    await using engine = makeTestEngine(SHIP);
    const first = tell(engine, 1, '{"id":ID,"receipt":"R"}\n');
    const second = tell(engine, 2, '{"id":ID,"receipt":"R"}\n{"id":ID,"ok":true}\n');
    const error = (key: string) => ({
      code: 'RECEIPT_SHARED',
      message: `its receipt R was given for row ${key} as well`,
    });
    expect(await second).toEqual({ type: 'unknown', error: error('A1'), receipt: 'R' });
    engine.kill();
    expect(await first).toMatchObject({ type: 'unknown', receipt: 'R' });
  });
  it('a receipt of a row that is done does not prove another one', async () => {
    await using engine = makeTestEngine(SHIP);
    expect(await tell(engine, 1, '{"id":ID,"ok":true,"receipt":"R"}\n')).toEqual({ type: 'done', receipt: 'R' });
    const error = { code: 'RECEIPT_SHARED', message: 'its receipt R was given for row A1 as well' };
    const outcome = await tell(engine, 2, '{"id":ID,"ok":true,"receipt":"R"}\n');
    expect(outcome).toEqual({ type: 'unknown', error, receipt: 'R' });
  });
  it.each([
    ['a word that it may have happened', '{"id":ID,"ambiguous":true}\n{"id":ID,"ok":false,"error":"E"}\n', 'unknown'],
    ['a receipt that is a list, with a no', '{"id":ID,"ok":false,"receipt":["R"],"error":"E"}\n', 'unknown'],
    ['an empty receipt, with a no', '{"id":ID,"ok":false,"receipt":"","error":"E"}\n', 'failed'],
    ['an empty receipt, then a no', '{"id":ID,"receipt":""}\n{"id":ID,"ok":false,"error":"E"}\n', 'failed'],
    ['a receipt behind a byte order mark', '\ufeff{"id":ID,"receipt":"R"}\n{"id":ID,"ok":true}\n', 'done'],
    ["the row's own keys", '{"id":ID,"key":"A1","idempotency_key":"job/1","ok":true}\n', 'done'],
  ])('%s counts', async (_what, line, expected) => {
    await using engine = makeTestEngine(SHIP);
    expect((await tell(engine, 1, line)).type).toBe(expected);
  });
});
