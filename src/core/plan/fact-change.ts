/** What became different between two looks at a job, as data: a fact, what it was and what it is. */

/** Facts a change can be told of. `other` is something else that the plan rests on. */
const CHANGED_FACTS = [
  'epoch',
  'status',
  'runner',
  'run_count',
  'unit',
  'count',
  'journal',
  'prerequisite',
  'orphan',
  'checkpoint_step',
  'checkpoint_grade',
  'file',
  'audit_broken',
  'other',
] as const;

/** The value of a fact; `null` is one that was not there, or cannot be told. */
export type FactValue = string | number | null;

/**
 * One change. `subject` says which unit, status, path, process or generation it is about, where there are several;
 * `holder` is who has the new epoch. Part of an error's details, and so plain JSON.
 */
export type FactChange = {
  readonly fact: (typeof CHANGED_FACTS)[number];
  readonly subject?: string | number;
  readonly unit?: 'row' | 'step';
  readonly was: FactValue;
  readonly is: FactValue;
  readonly holder?: { readonly pid: number; readonly host: string };
};

/** The changes that the details of an EVIDENCE_STALE carry; none when they are of another error. Errors: none. */
export function readChanges({ changes }: Readonly<Record<string, unknown>>): readonly FactChange[] {
  return Array.isArray(changes) && changes.every(isFactChange) ? changes : [];
}

function isFactChange(value: unknown): value is FactChange {
  if (typeof value !== 'object' || value === null || !('fact' in value && 'was' in value && 'is' in value))
    return false;
  return CHANGED_FACTS.some((fact) => fact === value.fact) && isFactValue(value.was) && isFactValue(value.is);
}

function isFactValue(value: unknown): value is FactValue {
  return value === null || typeof value === 'string' || typeof value === 'number';
}
