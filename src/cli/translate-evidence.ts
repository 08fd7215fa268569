import type { Evidence } from '../core/evidence/schema.ts';
import type { Plan } from '../core/plan/schema.ts';
import { wordsOf } from '../present/families/registry.ts';

/** Keys that may be absent, by the key of the object that has them; `evidence` is the whole. */
const MAY_BE_ABSENT: Readonly<Record<string, readonly string[]>> = {
  evidence: ['lease', 'liveness', 'units', 'checkpoints', 'files', 'own', 'regression'],
  job: ['directory'],
  recorded: ['started_at', 'ended_at', 'last_event_at', 'last_error'],
  lease: ['released_at'],
  liveness: ['process_state', 'can_signal', 'uid', 'heartbeat_age_ms'],
  orphans: ['unit_number'],
  units: ['last_done', 'last_failing', 'receipt_label'],
  last_done: ['receipt', 'started_at', 'finished_at', 'error'],
  last_failing: ['receipt', 'started_at', 'finished_at', 'error'],
  attention: ['receipt', 'started_at', 'finished_at', 'error'],
  prerequisites: ['expected', 'found'],
  audit: ['form', 'broken', 'stop_asked'],
  checkpoints: ['sha256', 'run_id', 'global_step', 'optimizer_step', 'saved_at_unix_seconds', 'problem'],
  problem: ['offset', 'field', 'expected', 'found'],
  files: ['problem'],
};

/** The latest instant a time can be. Unit: epoch milliseconds. */
const LATEST_MS = 8.64e15;

/**
 * The JSON of evidence: keys in snake_case, instants (`...AtMs`) as ISO-8601 UTC with milliseconds under `..._at`, and
 * `null` for what is absent. An element of a list goes by the list's key. An instant that is none is `null`.
 *
 * Errors: none. Source: contract, JSON.
 */
export function translateEvidence(evidence: Evidence): unknown {
  const absent = { ...MAY_BE_ABSENT, ...wordsOf(evidence.job).mayBeAbsent };
  return translate(evidence, 'evidence', absent);
}

/** The JSON of a plan's questions, as `show` and a dry run have them. Errors: none. */
export function translateQuestions(questions: Plan['questions']): unknown {
  return questions.map(({ id, options, isOptional, unanswered }) => ({
    id,
    options: options.map(({ value }) => value),
    optional: isOptional,
    ...unanswered.details,
  }));
}

type MayBeAbsent = Readonly<Record<string, readonly string[]>>;

function translate(value: unknown, name: string, mayBeAbsent: MayBeAbsent): unknown {
  if (Array.isArray(value)) return value.map((item) => translate(item, name, mayBeAbsent));
  if (typeof value !== 'object' || value === null) return value;
  const absent = (mayBeAbsent[name] ?? []).map((key) => [key, null] as const);
  const present = Object.entries(value).map(([key, field]) => translateField(key, field, mayBeAbsent));
  return { ...Object.fromEntries(absent), ...Object.fromEntries(present) };
}

function translateField(key: string, field: unknown, mayBeAbsent: MayBeAbsent): readonly [string, unknown] {
  const name = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  if (!/(?:^at|At)Ms$/.test(key)) return [name, translate(field, name, mayBeAbsent)];
  const isTime = typeof field === 'number' && Math.abs(field) <= LATEST_MS;
  return [name.slice(0, -'_ms'.length), isTime ? new Date(field).toISOString() : null];
}
