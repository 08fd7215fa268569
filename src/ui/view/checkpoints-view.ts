/** The generations of a training job's checkpoints, and what the replay of its audit log yields. */
import type { CheckpointGrade } from '../../core/checkpoint/schema.ts';
import type { CheckpointEvidence } from '../../core/evidence/checkpoint-schema.ts';
import type { Evidence } from '../../core/evidence/schema.ts';
import { wordsOf } from '../../present/families/registry.ts';
import { formatAge, formatCount, formatTime } from '../../present/format.ts';
import { safeText } from '../../present/safe-text.ts';
import type { Tone } from '../theme.ts';
import { BLANK, type Line, spanLine, textLine, wrappedLines } from './line.ts';

const GRADES: Readonly<Record<CheckpointGrade, readonly [words: string, tone: Tone]>> = {
  A: ['A proven', 'good'],
  B: ['B structure is whole, no digest', 'good'],
  C: ['C partial', 'warning'],
  R: ['R refused', 'danger'],
  U: ['U unsupported', 'danger'],
};

/** Seconds up to here are a date. */
const LATEST_SECONDS = 8.64e12;

/**
 * One row for each generation, and below a refused one why and where: byte or field, what was expected, what was found.
 *
 * Units: the age is that at the time of looking.
 */
export function assembleCheckpointLines(evidence: Evidence, columns: number): readonly Line[] {
  const { checkpoints = [], collectedAtMs, job } = evidence;
  const { headline, notes } = wordsOf(job).restore?.(evidence) ?? { headline: 'Checkpoints', notes: [] };
  return [
    textLine(headline, 'title'),
    ...notes.flatMap((note) => wrappedLines(note, columns, { tone: 'warning', indent: 2 })),
    BLANK,
    ...checkpoints.flatMap((one) => checkpointLines(one, { collectedAtMs, columns })),
  ];
}

type Look = { readonly collectedAtMs: number; readonly columns: number };

function checkpointLines(one: CheckpointEvidence, { collectedAtMs, columns }: Look): readonly Line[] {
  const { source, path, problem, sizeBytes } = one;
  const isMissing = problem?.code === 'CHECKPOINT_MISSING';
  const [verdict, tone] = GRADES[one.grade];
  const head = spanLine(
    [source.padEnd(9), 'title'],
    [isMissing ? 'there is none' : verdict, isMissing ? 'faint' : tone],
  );
  const facts = [
    `run ${one.runId === undefined ? 'unknown' : safeText(one.runId, 80)}`,
    `global step ${one.globalStep ?? 'unknown'}`,
    `optimizer step ${one.optimizerStep ?? 'unknown'}`,
    describeAge(one.savedAtUnixSeconds, collectedAtMs),
    formatCount(sizeBytes, 'byte'),
  ];
  const claims = problem ? ' (as far as it could be read)' : '';
  const rows = isMissing ? [] : wrappedLines(`  ${facts.join(', ')}${claims}`, columns, { indent: 2 });
  return [
    head,
    ...rows,
    ...wrappedLines(`  ${safeText(path, 1_000)}`, columns, { tone: 'faint', indent: 2 }),
    ...problemLines(one, columns),
    BLANK,
  ];
}

function problemLines({ problem }: CheckpointEvidence, columns: number): readonly Line[] {
  if (!problem || problem.code === 'CHECKPOINT_MISSING') return [];
  const { offset, field, expected, found, code } = problem;
  const place = [
    field === undefined ? '' : `field ${safeText(field, 80)}`,
    offset === undefined ? '' : `byte ${offset}`,
  ];
  const where = place.filter((word) => word !== '').join(', ') || 'the file';
  const text = `  ${code} at ${where}: expected ${safeText(expected, 200)}, found ${safeText(found, 200)}`;
  return wrappedLines(text, columns, { tone: 'danger', indent: 2 });
}

function describeAge(seconds: string | undefined, nowMs: number): string {
  const saved = Number(seconds);
  if (seconds === undefined || saved > LATEST_SECONDS) return 'age unknown';
  return `saved ${formatTime(saved * 1000)} (${formatAge(nowMs - saved * 1000)})`;
}
