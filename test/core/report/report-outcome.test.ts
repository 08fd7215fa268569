import { describe, expect, it } from 'vitest';
import type { ExecutionResult } from '../../../src/core/execution/schema.ts';
import { buildSampleReport, SAMPLE_RESULT } from '../../helpers/build-sample-report.ts';

describe('buildReport, outcome', () => {
  const left = { ...SAMPLE_RESULT.progressAfter, done: 199 };
  it.each<readonly [string, Partial<ExecutionResult>, readonly [status: string, exitCode: number]]>([
    ['ran to the end', {}, ['recovered', 0]],
    ['ran to the end, units wait', { progressAfter: { ...left, needsReview: 1 } }, ['needs_review', 8]],
    ['ran to the end, units in doubt', { progressAfter: { ...left, inDoubt: 1 } }, ['needs_review', 8]],
    ['failed', { end: 'failed' }, ['failed', 5]],
    ['failed with units to review', { end: 'failed', progressAfter: { ...left, needsReview: 1 } }, ['failed', 5]],
    ['failed in spite of a signal', { end: 'failed', signalExitCode: 130 }, ['failed', 5]],
    ['stopped by the console', { end: 'stopped' }, ['stopped', 143]],
    ['stopped by SIGHUP', { end: 'stopped', signalExitCode: 129 }, ['stopped', 129]],
    ['stopped by SIGINT', { end: 'stopped', signalExitCode: 130 }, ['stopped', 130]],
    ['stopped by SIGTERM', { end: 'stopped', signalExitCode: 143 }, ['stopped', 143]],
    ['ran to the end in spite of a signal', { signalExitCode: 130 }, ['recovered', 0]],
    ['fenced', { end: 'fenced', signalExitCode: 130 }, ['failed', 6]],
    ['cancelled', { end: 'cancelled' }, ['cancelled', 0]],
    ['refused', { end: 'refused' }, ['failed', 5]],
  ])('%s', (_what, change, [status, exitCode]) => {
    expect(buildSampleReport({ result: { ...SAMPLE_RESULT, ...change } }).outcome).toMatchObject({
      status,
      exit_code: exitCode,
    });
  });
});
