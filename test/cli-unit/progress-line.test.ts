import { describe, expect, it } from 'vitest';
import { makeProgressLine } from '../../src/cli/progress-line.ts';
import type { Progress } from '../../src/core/job/schema.ts';

const START: Progress = { done: 0, total: 200, unit: 'row', failed: 0, inDoubt: 0, needsReview: 0 };

/** A stream that keeps what is written, a clock that is set by hand. */
function open(stream: { readonly isTTY?: boolean; readonly columns?: number }) {
  const written: string[] = [];
  let nowMs = 1_000;
  const line = makeProgressLine({ ...stream, write: (text: string) => written.push(text) }, () => nowMs);
  return {
    written,
    close: line.close,
    at(afterMs: number, change: Partial<Progress> = {}, receipt?: string) {
      nowMs = 1_000 + afterMs;
      line.update({ ...START, ...change }, { number: 1, key: 'k', ...(receipt !== undefined && { receipt }) });
    },
  };
}

describe('makeProgressLine on a terminal', () => {
  it('draws its bar again in the same line, at most ten times a second', () => {
    const { at, written, close } = open({ isTTY: true, columns: 120 });
    at(0);
    at(50, { done: 1 });
    at(100, { done: 50 });
    expect(written).toEqual([
      '\r\u001b[2K[------------------------] 0/200 0%  row 1',
      '\r\u001b[2K[######------------------] 50/200 25%  500 rows/s  300ms left  row 1',
    ]);
    at(120, { done: 200 });
    close();
    expect(written.slice(2)).toEqual(['\r\u001b[2K[########################] 200/200 100%  1667 rows/s  row 1', '\n']);
  });

  it('is never wider than the terminal', () => {
    const { at, written } = open({ isTTY: true, columns: 30 });
    at(0, {}, '1Z999AA10123456784');
    expect(written[0]?.replace('\r\u001b[2K', '')).toHaveLength(29);
  });

  it('writes nothing when nothing ever moved', () => {
    const { written, close } = open({ isTTY: true });
    close();
    expect(written).toEqual([]);
  });
});

describe('makeProgressLine elsewhere', () => {
  it('writes a plain line every ten seconds, and the last one at the end', () => {
    const { at, written, close } = open({});
    at(0, { done: 10 });
    at(9_999, { done: 20 });
    at(10_000, { done: 30, failed: 1, needsReview: 2 }, '1Z');
    at(12_000, { done: 40 });
    close();
    expect(written).toEqual([
      '10/200 5%  row 1\n',
      '30/200 15%  1 failed  2 to review  2.0 rows/s  1m 23s left  row 1 1Z\n',
      '40/200 20%  2.5 rows/s  1m 4s left  row 1\n',
    ]);
  });

  it('has nothing harmful in it', () => {
    const { at, written } = open({});
    at(0, {}, '\u001b[2J\u202e1Z\n2Z');
    expect(written).toEqual(['0/200 0%  row 1 1Z 2Z\n']);
  });

  it('speaks of a job without units', () => {
    const { at, written } = open({});
    at(0, { total: 0 });
    expect(written).toEqual(['0/0 0%  row 1\n']);
  });
});
