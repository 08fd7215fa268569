import { expect, it } from 'vitest';
import { startResults } from '../../../src/core/execution/schema.ts';
import { sampleResumePlan } from '../../helpers/sample-evidence.ts';

it('startResults: every step starts as not run', () => {
  const plan = sampleResumePlan();
  expect(startResults(plan)).toEqual(plan.steps.map((step) => ({ step, state: 'not_run' })));
});
