import { describe, expect, it } from 'vitest';
import type { RecoveryReport } from '../../src/core/report/schema.ts';
import {
  describeLeft,
  describeOutcome,
  formatReportMarkdown,
  formatReportText,
} from '../../src/present/report-text.ts';
import { sampleReport } from '../helpers/sample-evidence.ts';

const HOSTILE = '|`x`\u001b[2J\u202e<b>\n# y';

/** The sample report with this outcome. */
function ended(change: Partial<RecoveryReport['outcome']>, after: Partial<RecoveryReport['progress_after']> = {}) {
  const report = sampleReport();
  return {
    ...report,
    outcome: { ...report.outcome, ...change },
    progress_after: { ...report.progress_after, ...after },
  };
}

/** The sample report with foreign text wherever there may be some. */
const FOREIGN = sampleReport({
  report_id: HOSTILE,
  host: HOSTILE,
  principal: HOSTILE,
  prior_lifecycle_state: HOSTILE,
  job: { id: HOSTILE, name: HOSTILE, kind: HOSTILE, source: HOSTILE },
  crash_evidence: [{ fact: HOSTILE, value: HOSTILE }],
  diagnostics: [HOSTILE],
  plan: {
    digest: 'd1',
    steps: [{ action: 'run_units', detail: HOSTILE }],
    warnings: [{ code: 'WOULD_REPEAT', message: HOSTILE }],
  },
});

describe('describeOutcome', () => {
  it.each<readonly [string, RecoveryReport]>([
    ['recovered to the end', ended({})],
    ['ran and failed; it can be resumed', ended({ status: 'failed', exit_code: 5 })],
    ['stopped on request; it can be resumed', ended({ status: 'failed', exit_code: 130 })],
    ['cancelled', ended({ status: 'cancelled' })],
    ['started; it goes on in the background', ended({ status: 'started' })],
    ['submitted', ended({ status: 'submitted' })],
    ['ran to its end; 1 row waits for review', ended({ status: 'needs_review', exit_code: 8 }, { needs_review: 1 })],
    ['ran to its end; 3 rows wait for review', ended({ status: 'needs_review' }, { needs_review: 1, in_doubt: 2 })],
    ['ran to its end; 2 steps wait for review', ended({ status: 'needs_review' }, { needs_review: 2, unit: 'step' })],
  ])('%s', (words, report) => {
    expect(describeOutcome(report)).toBe(`Job 'California Orders': ${words}.`);
  });
});

describe('describeLeft', () => {
  it.each<readonly [string, string | undefined, RecoveryReport]>([
    ['nothing that is open', undefined, ended({ status: 'cancelled' })],
    ['a row in doubt of a cancelled job', '1 row', ended({ status: 'cancelled' }, { in_doubt: 1 })],
    ['steps in doubt of a run that failed', '2 steps', ended({ status: 'failed' }, { in_doubt: 2, unit: 'step' })],
    ['rows of a run that says itself that they wait', undefined, ended({ status: 'needs_review' }, { in_doubt: 1 })],
    ['a row that somebody else has by now', undefined, ended({ status: 'failed', exit_code: 6 }, { in_doubt: 1 })],
    ['a row in hand of what goes on', undefined, ended({ status: 'started' }, { in_doubt: 1 })],
  ])('%s', (_what, units, report) => {
    expect(describeLeft(report)).toBe(units && `The outcome of ${units} is not known: choose review.`);
  });

  it('says nothing of what a runner has in hand that was asked to stop and still runs', () => {
    const report = { ...ended({ status: 'failed', exit_code: 130 }, { in_doubt: 1 }), choice: 'stop' as const };
    expect(describeLeft(report)).toBeUndefined();
  });
});

describe('formatReportText', () => {
  it('says who, what, how far and what was found', () => {
    expect(formatReportText(sampleReport()).join('\n')).toMatchInlineSnapshot(`
      "Job 'California Orders': recovered to the end.

      choice        resume by local:ops at 2026-03-01T10:02:30.000Z
      crash         detected (was: running)
      progress      47/200 before, 200/200 after
      units         153 done now, 0 settled, 0 failed, 0 to review
      took          1m 1s, attempt 2, exit code 0
      plan          a1b2c3d4e5f6
        - run 153 rows
      found
        - crashed: process 4711 is dead"
    `);
  });

  it('says how much was done a second time, only when something was', () => {
    const { units } = sampleReport();
    const text = (wouldRepeat: number) =>
      formatReportText(sampleReport({ units: { ...units, would_repeat: wouldRepeat } })).join('\n');
    expect(text(47)).toContain('repeated      47 had been done before');
    expect(text(0)).not.toContain('repeated');
  });

  it('has one harmless line for each', () => {
    const lines = formatReportText(FOREIGN);
    for (const line of lines) expect(line).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(lines).toContain('  ! |`x`<b> # y');
  });
});

describe('formatReportMarkdown', () => {
  it('is a page to keep with an incident', () => {
    expect(formatReportMarkdown(sampleReport())).toMatchInlineSnapshot(`
      "# Recovery of California Orders

      Job 'California Orders': recovered to the end.

      | | |
      |---|---|
      | job | job-california (batch, native) |
      | choice | resume by local:ops on shipping-1 |
      | decided | 2026-03-01T10:02:30.000Z |
      | crash detected | yes |
      | progress | 47/200 before, 200/200 after |
      | units | 153 done now, 0 settled, 0 failed, 0 to review, 0 repeated |
      | outcome | recovered, exit code 0, 1m 1s, attempt 2 |
      | plan | \`a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f90\` |
      | report | \`report-1\` |

      ## Plan

      1. run 153 rows

      ## Evidence

      - lock: free
      - crashed: process 4711 is dead
      "
    `);
  });

  it('lets no foreign text become markup', () => {
    const page = formatReportMarkdown(FOREIGN);
    expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]|<b>/u);
    expect(page).not.toContain('\n# y');
    for (const row of page.split('\n').filter((line) => line.startsWith('| '))) {
      expect(row.replaceAll('\\|', '').split('|')).toHaveLength(4);
    }
  });
});
