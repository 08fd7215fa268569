import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countActions } from '../../../src/core/evidence/count-actions.ts';
import { replayAudit } from '../../../src/sources/tau/read-audit.ts';

const history = fc.array(
  fc.record(
    {
      action: fc.oneof(fc.constantFrom('pause', 'resume', 'cancel', 'rollback'), fc.string()),
      timestamp_unix_ms: fc.nat(),
      principal: fc.string(),
    },
    { requiredKeys: ['action'] },
  ),
);

function formatLog(rows: readonly object[], blanks: readonly boolean[] = []): Buffer {
  return Buffer.from(rows.map((row, at) => `${blanks[at] === true ? ' \n' : ''}${JSON.stringify(row)}\n`).join(''));
}

describe('replayAudit', () => {
  it('any history replays the same each time, in file order, and its counts add up', () => {
    fc.assert(
      fc.property(history, fc.array(fc.boolean()), (rows, blanks) => {
        const bytes = formatLog(rows, blanks);
        const replay = replayAudit(bytes);
        expect(replayAudit(Buffer.from(bytes))).toEqual(replay);
        const actions = replay.rows.map(({ action }) => action);
        expect(actions).toEqual(rows.map(({ action }) => action));
        expect(countActions(actions).reduce((sum, { count }) => sum + count, 0)).toBe(rows.length);
      }),
    );
  });

  it('a log that is cut anywhere keeps every whole row, and what is left is told as cut short', () => {
    fc.assert(
      fc.property(history, fc.nat(), (rows, at) => {
        const bytes = formatLog(rows);
        const cut = bytes.subarray(0, bytes.length === 0 ? 0 : at % bytes.length);
        const { rows: kept, tornLine, state } = replayAudit(cut);
        expect(state).toBe('valid');
        expect(kept.map(({ action }) => action)).toEqual(rows.slice(0, kept.length).map(({ action }) => action));
        const wholeLines = cut.toString('latin1').split('\n').length - 1;
        expect(kept.length - wholeLines).toBeOneOf([0, 1]);
        if (tornLine) expect(tornLine.offset + tornLine.sizeBytes).toBe(cut.length);
      }),
    );
  });

  it.each([
    ['no JSON', 'oops'],
    ['no object', '[1]'],
    ['no action', '{"principal":"p"}'],
    ['an action that is no text', '{"action":1}'],
    ['a byte order mark', '\ufeff{"action":"pause"}'],
  ])('a line in the middle with %s is a fault, named by its line', (_what, line) => {
    const { badLine, rows } = replayAudit(Buffer.from(`{"action":"pause"}\n${line}\n{"action":"resume"}\n`));
    expect(badLine?.line).toBe(2);
    expect(rows).toHaveLength(1);
  });

  it('bytes that are no UTF-8 are a fault', () => {
    const bytes = Buffer.concat([Buffer.from('{"action":"'), Buffer.from([0xff]), Buffer.from('"}\n')]);
    expect(replayAudit(bytes).badLine?.line).toBe(1);
  });

  it('zeros in place of a last row, as a power cut leaves them, are a line that was cut short', () => {
    const bytes = Buffer.concat([Buffer.from('{"action":"pause"}\n'), Buffer.alloc(100)]);
    expect(replayAudit(bytes)).toMatchObject({ tornLine: { line: 2, offset: 19, sizeBytes: 100 } });
  });

  it('a last line too long to be a row is a fault', () => {
    expect(replayAudit(Buffer.alloc(70_000, 'x')).badLine?.line).toBe(1);
  });
});
