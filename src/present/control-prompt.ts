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
