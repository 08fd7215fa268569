import { describe, expect, it } from 'vitest';
import { findProcessesByEnvironment } from '../../../../src/platform/process-probe.ts';
import { makeTestEngine, makeWork, type TestEngine } from './local-engine.ts';

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
    ['crash', died('the worker ended with exit code 137: Killed')],
    ['receipt-crash', died('the worker ended with exit code 137: Killed', '1ZA1')],
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
  it('tells what breaks the protocol and takes nothing from it', async () => {
    await using engine = makeTestEngine(SHIP);
    expect(await engine.run('noise')).toEqual({ type: 'done' });
    expect(await engine.run('ok')).toEqual({ type: 'done', receipt: '1ZA1' });
    expect(engine.lines).toEqual([
      '- stdout: starting up',
      '- stdout: {"id":"x","ok":true} [ignored: it has no number as id]',
      '- stdout: {"id":9999,"ok":true} [ignored: no row with id 9999 is under way]',
      '- stdout: {"ok":true} [ignored: it has no number as id]',
      '- stdout: {"id":1,"ok":"yes"} [ignored: its ok is neither true nor false]',
      '- stdout: {"id":1',
      '- stdout: {"id":1,"ok":false,"error":{"code":"E","message":"said twice"}} [ignored: no row with id 1 is under way]',
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
      .perform(makeWork('ok'), () => gate.promise)
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
    await expect(engine.perform(makeWork('ok'), () => Promise.reject(new Error('full')))).rejects.toThrow('full');
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
    ['has no directory to run in', { worker: 'cat', directory: '/nowhere/at/all' }, 'SPAWN_ENOENT'],
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
