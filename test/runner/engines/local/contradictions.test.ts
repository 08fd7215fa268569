/** What contradicts itself tells nothing: it is never taken for a no, and its receipts are kept. */
import { describe, expect, it } from 'vitest';
import type { UnitOutcome, VerifyOutcome } from '../../../../src/core/execution/unit-engine.ts';
import { makeTestEngine, makeWork } from './local-engine.ts';

/** An outcome in few words: type, code, receipt. */
const short = (outcome: UnitOutcome | VerifyOutcome | undefined) =>
  [
    outcome?.type,
    outcome && 'error' in outcome ? outcome.error.code : undefined,
    outcome && 'receipt' in outcome ? outcome.receipt : undefined,
  ]
    .filter((word) => word !== undefined)
    .join(' ');

describe('an answer of a worker', () => {
  it.each([
    ['yes and no', '{"id":ID,"ok":true,"ok":false,"error":{"code":"E"}}', 'unknown OUTPUT_UNREAD'],
    ['no and yes', '{"id":ID,"ok":false,"ok":true}', 'unknown OUTPUT_UNREAD'],
    ['yes and no, with a receipt', '{"id":ID,"receipt":"R","ok":true,"ok":false}', 'unknown OUTPUT_UNREAD R'],
    ['an escaped name', '{"id":ID,"ok":true,"\\u006fk":false}', 'unknown OUTPUT_UNREAD'],
    ['unsure and sure', '{"id":ID,"ok":false,"ambiguous":true,"ambiguous":false}', 'unknown OUTPUT_UNREAD'],
    ['two codes of an error', '{"id":ID,"ok":false,"error":{"code":"F","code":"E"}}', 'unknown OUTPUT_UNREAD'],
    ['two errors', '{"id":ID,"ok":false,"error":{"ambiguous":true},"error":{"code":"E"}}', 'unknown OUTPUT_UNREAD'],
    ['an error that is unsure', '{"id":ID,"ok":false,"error":{"code":"E","ambiguous":true}}', 'unknown E'],
    ['an error with a receipt', '{"id":ID,"ok":false,"error":{"code":"E","receipt":"R"}}', 'unknown E'],
    ['two receipts', '{"id":ID,"ok":true,"receipt":"A","receipt":"B"}', 'unknown RECEIPT_CONFLICT A'],
    ['two ids', '{"id":7,"id":ID,"ok":false}', 'unknown WORKER_PROTOCOL'],
    ['two keys', '{"id":ID,"key":"A1","key":"A1","ok":false}', 'unknown WORKER_PROTOCOL'],
    ['a yes with an error', '{"id":ID,"ok":true,"error":{"code":"E","message":"no stock"}}', 'unknown E'],
    ['a yes that is not sure', '{"id":ID,"ok":true,"ambiguous":true}', 'unknown WORKER_ERROR'],
    ['a yes with an error and a receipt', '{"id":ID,"ok":true,"receipt":"R","error":{"code":"E"}}', 'done R'],
    ['a yes with an empty error', '{"id":ID,"ok":true,"error":{"code":"","message":""}}', 'done'],
    ['names that are not read', '{"id":ID,"ok":true,"msg":1,"msg":2,"result":{"a":1,"a":2}}', 'done'],
    ['a log line', '{"level":30,"msg":1,"msg":2}\n{"id":ID,"ok":true}', 'done'],
  ])('%s', async (_what, line, expected) => {
    await using engine = makeTestEngine({ worker: 'node ship-worker.mjs' });
    const outcome = await engine.run('say', { rowJson: JSON.stringify({ act: 'say', say: `${line}\n` }) });
    expect(short(outcome)).toBe(expected);
  });
});

describe('a line of a command', () => {
  const E = '"error":{"code":"E"}';

  it.each([
    ['unsure and sure', `{${E},"ambiguous":true,"ambiguous":false}`, '1 unknown OUTPUT_UNREAD'],
    ['two codes', '{"error":{"code":"F","code":"E"}}', '1 unknown OUTPUT_UNREAD'],
    ['two errors, of which the last is none', `{${E},"error":null}`, '0 unknown OUTPUT_UNREAD'],
    ['an error that is unsure', '{"error":{"code":"E","ambiguous":true}}', '1 unknown E'],
    ['two receipts', '{"tracking_number":"A","tracking_number":"B"}', '0 unknown RECEIPT_CONFLICT A'],
    [
      'two receipts, one a number',
      '{"tracking_number":12345678901234567890,"tracking_number":"B"}',
      '1 unknown RECEIPT_CONFLICT 12345678901234567890',
    ],
    ['the same receipt twice', '{"tracking_number":"A","tracking_number":"A"}', '0 done A'],
    ['a receipt that cannot be read', '{"tracking_number":["A"]}', '0 unknown OUTPUT_UNREAD'],
    ['a torn receipt', '{"tracking_number":"A', '0 unknown OUTPUT_UNREAD'],
    ['a torn line without one', '{"level":30', '0 done'],
    ['names that are not read', `{"a":1,"a":2,${E}}`, '1 failed E'],
  ])('%s', async (_what, line, exitAndEnd) => {
    const [exitCode, ...words] = exitAndEnd.split(' ');
    const expected = words.join(' ');
    await using engine = makeTestEngine({ command: `printf '%s\\n' '${line}'; exit ${exitCode}` });
    expect(short(await engine.run('ok'))).toBe(expected);
    if (expected.includes('CONFLICT')) expect(engine.lines).toEqual([`1 stdout: ${line}`]);
  });
  it('with a receipt too long to be read is not done without it', async () => {
    await using engine = makeTestEngine({ command: `printf '{"tracking_number":"%070000d"}\\n' 1` });
    expect(short(await engine.run('ok'))).toBe('unknown OUTPUT_UNREAD');
  });
});

describe('a verify hook', () => {
  async function ask(verify: string) {
    await using engine = makeTestEngine({ command: 'true', verify });
    const verdict = await engine.verify?.(makeWork('ok'));
    return {
      verdict: short(verdict),
      message: verdict && 'error' in verdict ? verdict.error.message : '',
      lines: engine.lines,
    };
  }
  const receipt = (value: string) => `echo '{"tracking_number":"${value}"}'`;

  it.each([
    [
      'a receipt, and not done',
      `${receipt('T')}; exit 1`,
      'verify: it ended with exit code 1; it gave receipt T as well',
    ],
    [
      'two receipts',
      `${receipt('T')}; ${receipt('U')}`,
      'verify: it ended with exit code 0; it gave two receipts: T and U',
    ],
    [
      'a torn line',
      `printf '{"tracking_num'; exit 1`,
      /^verify: it ended with exit code 1; not all it printed could be read: /,
    ],
    [
      'unsure and sure',
      `echo '{"ambiguous":true,"ambiguous":false}'; exit 1`,
      /could be read: "ambiguous" stands twice/,
    ],
    ['an error, and done', `echo '{"error":"no such row"}'`, 'verify: no such row; it speaks of an error as well'],
    [
      'a receipt too long to be read',
      `printf '{"tracking_number":"%070000d"}\\n' 1`,
      /; its receipt could not be read: \d+ bytes/,
    ],
  ])('tells nothing when it says %s, and what it said is kept', async (_what, hook, message) => {
    const asked = await ask(hook);
    expect(asked.verdict).toMatch(/^unknown EXIT_[01]$/);
    expect(asked.message).toEqual(typeof message === 'string' ? message : expect.stringMatching(message));
    expect(asked.lines).not.toEqual([]);
  });
  it('is not believed in its no while something it started may still say a receipt', async () => {
    const asked = await ask(`(sleep 0.3; ${receipt('T')}) & exit 1`);
    expect(asked).toMatchObject({
      verdict: 'unknown EXIT_1',
      message: expect.stringContaining('it gave receipt T as well'),
    });
    const silent = await ask(`(sleep 100; ${receipt('T')}) & exit 1`);
    expect(silent).toMatchObject({ verdict: 'unknown EXIT_1', message: expect.stringContaining('held it open') });
  });
  it('is believed in its no when what it started does not hold its output', async () => {
    expect((await ask('sleep 100 >/dev/null 2>&1 & exit 1')).verdict).toBe('not_done');
  });
  it('gives no answer with another exit code, and the receipt it gave before is told', async () => {
    expect(await ask(`${receipt('T')}; exit 2`)).toMatchObject({
      verdict: 'unanswered EXIT_2',
      message: 'it ended with exit code 2; before, it gave receipt T',
    });
  });
});
