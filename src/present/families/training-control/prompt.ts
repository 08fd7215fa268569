/** The parts of the recovery prompt about a training under someone else's control. Source: contract. */
import type { CheckpointEvidence } from '../../../core/evidence/checkpoint-schema.ts';
import type { Evidence } from '../../../core/evidence/schema.ts';
import { controlOf } from '../../../core/families/training-control/control-of.ts';
import { findChosen } from '../../../core/families/training-control/rules.ts';
import { formatTime } from '../../format.ts';
import { safeText } from '../../safe-text.ts';

/** Seconds up to here are a date. */
const LATEST_SECONDS = 8.64e12;

function pickRestored(evidence: Evidence): CheckpointEvidence | undefined {
  return findChosen(controlOf(evidence), evidence.checkpoints);
}

/** Where a training job stopped: the step of the checkpoint that a restore takes. Empty when there is none. */
export function describePlace(evidence: Evidence): string {
  const chosen = pickRestored(evidence);
  return chosen?.globalStep === undefined ? '' : ` at step ${chosen.globalStep}`;
}

/** The checkpoint that training goes on from, or why there is none. Source: contract, the recovery prompt. */
export function describeRestored(evidence: Evidence): readonly string[] {
  const { checkpoints = [] } = evidence;
  const chosen = pickRestored(evidence);
  if (chosen) return [`Last completed: Step ${chosen.globalStep ?? '?'} (${describeCheckpoint(chosen)})`];
  const present = checkpoints.filter(({ problem }) => problem?.code !== 'CHECKPOINT_MISSING');
  return [present.length === 0 ? 'There is no checkpoint.' : 'No checkpoint can be loaded.'];
}

function describeCheckpoint({ source, runId = '', savedAtUnixSeconds }: CheckpointEvidence): string {
  const seconds = Number(savedAtUnixSeconds ?? 0);
  const saved = seconds > 0 && seconds < LATEST_SECONDS ? `, saved ${formatTime(seconds * 1000)}` : '';
  return `${source} checkpoint of run ${safeText(runId, 80)}${saved}`;
}

/** What training would go on from, and what is to be said of the others. */
export function describeRestore(evidence: Evidence): { readonly headline: string; readonly notes: readonly string[] } {
  const { source, failures, notes } = controlOf(evidence).restore;
  const chosen = pickRestored(evidence);
  const headline = chosen
    ? `Training would go on from the ${chosen.source} checkpoint, global step ${chosen.globalStep}.`
    : 'No checkpoint can be loaded.';
  return { headline, notes: source === undefined ? [] : [...failures, ...notes].map((note) => safeText(note)) };
}

/** What the replay of the log leaves out. */
export function describeTorn(evidence: Evidence): string {
  const { tornLine: torn } = controlOf(evidence);
  return torn ? `; line ${torn.line} at byte ${torn.offset} was cut short and does not count` : '';
}
