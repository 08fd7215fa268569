import type { Evidence } from '../core/evidence/schema.ts';
import { safeText } from './safe-text.ts';

/** Every generation in one line each: its step, how far it can be trusted, and its path; none where there are no files. */
export function describeCheckpoints({ checkpoints = [] }: Evidence): readonly string[] {
  return checkpoints.map((one) => {
    const { source, path, grade, problem, runId, globalStep } = one;
    if (problem?.code === 'CHECKPOINT_MISSING') return `${source}: there is none (${safeText(path, 1_000)})`;
    const facts = `global step ${globalStep ?? 'unknown'} of run ${safeText(runId ?? 'unknown', 80)}, grade ${grade}`;
    const refused = problem ? `, refused: ${safeText(problem.message, 300)}` : '';
    return `${source}: ${facts} (${safeText(path, 1_000)})${refused}`;
  });
}
