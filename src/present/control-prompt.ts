import type { CheckpointEvidence, ControlFacts } from '../core/evidence/control-schema.ts';
import type { Evidence } from '../core/evidence/schema.ts';
import type { Choice } from '../core/job/schema.ts';
import { formatTime } from './format.ts';
import { safeText } from './safe-text.ts';

/** The choices a training control directory offers; pause and rollback are said in scripts. */
export const CONTROL_OPTIONS: readonly Choice[] = ['resume', 'cancel'];

/** Seconds up to here are a date. */
const LATEST_SECONDS = 8.64e12;

/** The checkpoint that a resume takes. */
export function pickRestored(
  checkpoints: readonly CheckpointEvidence[],
  { restore }: ControlFacts,
): CheckpointEvidence | undefined {
  return checkpoints.find(({ source, path }) => source === restore.source && path === restore.path);
}

/** Where a training job stopped: the step of the checkpoint that a restore takes. Empty when there is none. */
export function describeControlPlace({ checkpoints = [] }: Evidence, control: ControlFacts): string {
  const chosen = pickRestored(checkpoints, control);
  return chosen?.globalStep === undefined ? '' : ` at step ${chosen.globalStep}`;
}

/** The checkpoint that training goes on from, or why there is none. Source: contract, the recovery prompt. */
export function describeControlCheckpoint({ checkpoints = [] }: Evidence, control: ControlFacts): readonly string[] {
  const chosen = pickRestored(checkpoints, control);
  if (chosen) return [`Last completed: Step ${chosen.globalStep ?? '?'} (${describeCheckpoint(chosen)})`];
  const present = checkpoints.filter(({ problem }) => problem?.code !== 'CHECKPOINT_MISSING');
  return [present.length === 0 ? 'There is no checkpoint.' : 'No checkpoint can be loaded.'];
}

function describeCheckpoint({ source, runId = '', savedAtUnixSeconds }: CheckpointEvidence): string {
  const seconds = Number(savedAtUnixSeconds ?? 0);
  const saved = seconds > 0 && seconds < LATEST_SECONDS ? `, saved ${formatTime(seconds * 1000)}` : '';
  return `${source} checkpoint of run ${safeText(runId, 80)}${saved}`;
}

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
