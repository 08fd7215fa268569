import { describe, expect, it } from 'vitest';
import type { TakenBack } from '../../../../src/core/execution/unit-engine.ts';
import { waitFor } from '../../../helpers/wait-for.ts';
import { makeTestEngine } from './local-engine.ts';

const SHIP = { worker: 'node ship-worker.mjs' };

describe('a no that is taken back later', () => {
  const LATER = { code: 'WORKER_PROTOCOL', message: 'its worker said no, and receipt 1ZL later' };

  it('counts for another try of the row that is in hand, and the row is not sent once more', async () => {
    await using engine = makeTestEngine(SHIP);
    expect(await engine.run('later')).toMatchObject({ type: 'failed' });
    const again = engine.run('hang', { attempt: 2 });
    void engine.run('recant', { number: 2 });
    expect(await again).toEqual({ type: 'unknown', error: LATER, receipt: '1ZL' });
    expect(await engine.run('ok', { attempt: 3 })).toEqual({ type: 'unknown', error: LATER, receipt: '1ZL' });
    expect(engine.receipts).toEqual([]);
  });
  it.each([
    ['a yes for another row that had failed', { act: 'recant' }, true],
    ['an answer that cannot be read', { act: 'say', say: '{"id":ID,"ok"\n' }, true],
    ["another row's key", { act: 'say', say: '{"id":ID,"key":"A1","ok":true}\n' }, true],
    ['the same no once more', { act: 'say', say: '{"id":ID,"ok":false}\n{"id":ID,"ok":false}\n' }, false],
    ['a second yes', { act: 'say', say: '{"id":ID,"ok":true}\n{"id":ID,"ok":true}\n' }, false],
  ])('makes every other no of the worker doubtful, or not: %s', async (_what, row, isDoubtful) => {
    const told: string[] = [];
    const onTakenBack: TakenBack = ({ number }, { error }) => told.push(`${number} ${error.message}`);
    await using engine = makeTestEngine(SHIP, { onTakenBack });
    await engine.run('refuse', { number: 7 });
    await engine.run('later', { number: 1 });
    void engine.run(row.act, { number: 2, rowJson: JSON.stringify(row) });
    await waitFor('it is not believed', () =>
      engine.lines.some((line) => /ignored: .*(failed|in hand|row than|JSON)/.test(line)),
    );
    const why = /^7 E-3001: UPS API timeout; its worker said so, and broke the protocol later: /;
    expect(told.filter((line) => line.startsWith('7'))).toEqual(isDoubtful ? [expect.stringMatching(why)] : []);
  });
});
