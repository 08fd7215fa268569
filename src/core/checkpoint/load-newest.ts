/** Reads and judges generations, wherever they stand, and takes the newest valid one. */
import { RecoveryError } from '../errors.ts';
import { chooseNewest } from './choose-generation.ts';
import { type CheckpointFiles, type CheckpointFormat, judgePath, type ReadFacts } from './format.ts';
import type { CheckpointVerdict, Rejection, ValidCheckpoint } from './schema.ts';
import type { GenerationPlace, LoadedGeneration } from './store.ts';

/**
 * Loads the newest valid one of some generations.
 *
 * Shapes: `places` the newest name first.
 * Errors: with one place its own reason (CHECKPOINT_MISSING, _UNREADABLE, _INVALID or _VERSION_UNSUPPORTED);
 *         CHECKPOINT_NONE_VALID with the reasons of all. Nothing is changed.
 * Source: seed 001, AC-1 to AC-3; formats/tau 3; design, rule 4.
 */
export async function loadNewest<Facts extends ReadFacts, Valid extends ValidCheckpoint>(
  format: CheckpointFormat<Facts, Valid>,
  files: CheckpointFiles,
  places: readonly GenerationPlace[],
): Promise<LoadedGeneration<Facts, Valid>> {
  const read = [];
  for (const { source, path } of places) read.push({ source, judged: await judgePath(format, files, path) });
  const { chosen, failures, notes } = chooseNewest(
    read.map(({ source, judged: { verdict } }) => ({ source, verdict })),
  );
  const judged = read.find(({ judged: { verdict } }) => verdict === chosen?.checkpoint)?.judged;
  if (!chosen || !judged)
    throw describeFailure(
      read.map(({ source, judged: { verdict } }) => [source, verdict]),
      failures,
    );
  return { ...chosen, judged, diagnostics: [...failures, ...notes] };
}

/** The error of one refused checkpoint: its reason with file and place. */
export function makeRejectionError(rejection: Rejection): RecoveryError {
  const { code, path, message, type: _type, ...place } = rejection;
  return new RecoveryError(code, `${path}: ${message}`, { details: { path, reason: message, ...place } });
}

function describeFailure(
  verdicts: readonly (readonly [source: string, verdict: CheckpointVerdict])[],
  failures: readonly string[],
): RecoveryError {
  const [first] = verdicts;
  if (verdicts.length === 1 && first?.[1].type === 'rejected') return makeRejectionError(first[1]);
  return new RecoveryError('CHECKPOINT_NONE_VALID', `no valid checkpoint: ${failures.join('; ')}`, {
    details: Object.fromEntries(verdicts),
  });
}
