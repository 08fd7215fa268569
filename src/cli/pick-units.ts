import { RecoveryError } from '../core/errors.ts';
import type { UnitFacts } from '../core/evidence/schema.ts';
import { UNIT_STATUSES, type UnitStatus } from '../core/job/schema.ts';
import { safeText } from '../present/safe-text.ts';
import { matchPattern } from './match-pattern.ts';
import type { FoundJob } from './open-places.ts';
import type { Asked } from './parse-args.ts';

/** Units that were picked. `isBulk`: by what they have in common, and not one by one. */
export type PickedUnits = { readonly units: readonly UnitFacts[]; readonly isBulk: boolean };

/** What waits for a decision: what `--all` means, and a filter that names no status. */
const WAITING: readonly UnitStatus[] = ['in_doubt', 'needs_review'];
const NO_LIMIT = 1_000_000_000;

/**
 * Finds the units a command is about: named as `KEY`, `#NUMBER`, `--key` or `--number`, or all that wait with `--all`,
 * or those that every `--filter` fits.
 *
 * Errors: USAGE_INVALID; UNIT_UNKNOWN; UNIT_AMBIGUOUS naming both units; REVIEW_EMPTY when nothing waits.
 * Source: contract, settle; decisions/0017.
 */
export async function pickUnits(job: FoundJob, words: readonly string[], asked: Asked): Promise<PickedUnits> {
  const isBulk = asked.switches.has('all') || asked.lists.filter !== undefined;
  const isNamed = words.length > 0 || asked.lists.key !== undefined || asked.lists.number !== undefined;
  if (isBulk && isNamed) throw new RecoveryError('USAGE_INVALID', 'name units, or say --all or --filter, not both');
  if (isBulk) return { units: await readFitting(job, parseFilters(asked.lists.filter ?? [])), isBulk };
  if (!isNamed) throw new RecoveryError('USAGE_INVALID', 'say which: KEY, #NUMBER, --all or --filter NAME=VALUE');
  return { units: await readNamed(job, words, asked), isBulk };
}

/** A row number as it is written; others, such as 02, are no numbers but keys. */
const NUMBER = /^[1-9]\d{0,14}$/;

async function readNamed(job: FoundJob, words: readonly string[], asked: Asked): Promise<readonly UnitFacts[]> {
  const { key: keys = [], number: numberTexts = [] } = asked.lists;
  const numbers = numberTexts.map(parseNumber);
  const units = await job.place.jobs.namedUnits(job.ref.id, {
    keys: [...words, ...keys],
    numbers: [...words.flatMap(readNumber), ...numbers],
  });
  const byKey = new Map(units.map((unit) => [unit.key, unit]));
  const byNumber = new Map(units.map((unit) => [unit.number, unit]));
  const known = (unit: UnitFacts | undefined, name: string, said: string): UnitFacts => unit ?? fail(job, name, said);
  const picked = [
    ...words.map((word) => resolveWord(job, word, { byKey, byNumber })),
    ...keys.map((key) => known(byKey.get(key), `with key '${key}'`, key)),
    ...numbers.map((number) => known(byNumber.get(number), String(number), String(number))),
  ];
  return [...new Set(picked)];
}

type Found = {
  readonly byKey: ReadonlyMap<string, UnitFacts>;
  readonly byNumber: ReadonlyMap<number, UnitFacts>;
};

/** A word is a key, or a number with its `#`. What could be two units is refused; a bare number is never guessed. */
function resolveWord(job: FoundJob, word: string, { byKey, byNumber }: Found): UnitFacts {
  const named = byKey.get(word);
  const [number] = readNumber(word);
  const counted = number === undefined ? undefined : byNumber.get(number);
  if (named && counted && named !== counted) throw describeAmbiguous(word, named, counted);
  if (named) return named;
  if (counted && word.startsWith('#')) return counted;
  if (counted) {
    const message = `no row has the key '${word}'; row ${word} has the key ${quote(counted.key)}: say '#${word}' if you mean it`;
    throw new RecoveryError('UNIT_UNKNOWN', message, { details: { unit: word, candidates: [pickNames(counted)] } });
  }
  return fail(job, word.startsWith('#') && number !== undefined ? word : `with key '${word}'`, word);
}

function readNumber(word: string): readonly number[] {
  const digits = word.startsWith('#') ? word.slice(1) : word;
  return NUMBER.test(digits) ? [Number(digits)] : [];
}

function parseNumber(text: string): number {
  if (NUMBER.test(text)) return Number(text);
  throw new RecoveryError('USAGE_INVALID', `--number ${text} is not a row number`, { details: { flag: 'number' } });
}

function fail(job: FoundJob, name: string, said: string): never {
  throw new RecoveryError('UNIT_UNKNOWN', `job '${job.ref.name}' has no row ${name}`, {
    details: { job: job.ref.id, unit: said },
  });
}

function describeAmbiguous(word: string, named: UnitFacts, counted: UnitFacts): RecoveryError {
  const says = [named, counted].map(({ number, key }) => `row ${number} with key ${quote(key)}`).join(', and ');
  const message =
    `'${word}' could mean two rows: ${says}; ` +
    `say --number ${named.number} for the first, --number ${counted.number} for the second`;
  return new RecoveryError('UNIT_AMBIGUOUS', message, {
    details: { unit: word, candidates: [pickNames(named), pickNames(counted)] },
  });
}

function pickNames({ number, key, status }: UnitFacts): Readonly<Record<string, unknown>> {
  return { number, key, status };
}

function quote(key: string): string {
  return `'${safeText(key, 80)}'`;
}

type Filters = {
  readonly statuses: readonly UnitStatus[];
  readonly errors: readonly string[];
  readonly keys: readonly string[];
};

/** Filters of one name are alternatives; those of different names must all fit. */
function parseFilters(texts: readonly string[]): Filters {
  const parsed = texts.map(parseFilter);
  const valuesOf = (name: string) => parsed.filter((one) => one.name === name).map(({ value }) => value);
  const statuses = valuesOf('status').map(parseStatus);
  return {
    statuses: statuses.length > 0 ? statuses : WAITING,
    errors: valuesOf('error'),
    keys: valuesOf('key'),
  };
}

const FILTER_NAMES = ['status', 'error', 'key'] as const;

function parseFilter(text: string): { readonly name: (typeof FILTER_NAMES)[number]; readonly value: string } {
  const at = text.indexOf('=');
  const name = FILTER_NAMES.find((known) => known === text.slice(0, Math.max(0, at)));
  if (name !== undefined && at + 1 < text.length) return { name, value: text.slice(at + 1) };
  throw new RecoveryError('USAGE_INVALID', `--filter ${text}: it is ${FILTER_NAMES.join(', ')}, then = and a value`, {
    details: { flag: 'filter', value: text },
  });
}

function parseStatus(value: string): UnitStatus {
  const status = UNIT_STATUSES.find((known) => known === value);
  if (status) return status;
  throw new RecoveryError('USAGE_INVALID', `--filter status=${value}: it is one of ${UNIT_STATUSES.join(', ')}`, {
    details: { flag: 'filter', value },
  });
}

async function readFitting({ ref, place }: FoundJob, filters: Filters): Promise<readonly UnitFacts[]> {
  const { statuses, errors, keys } = filters;
  const { units } = await place.jobs.units(ref.id, { statuses, offset: 0, limit: NO_LIMIT });
  const fitting = units.filter(
    ({ key, error }) =>
      (errors.length === 0 || (error !== undefined && errors.includes(error.code))) &&
      (keys.length === 0 || keys.some((pattern) => matchPattern(pattern, key))),
  );
  if (fitting.length > 0) return fitting;
  throw new RecoveryError('REVIEW_EMPTY', `no row of job '${ref.name}' is meant: nothing ${describe(filters)}`, {
    details: { job: ref.id, statuses },
  });
}

function describe({ statuses, errors, keys }: Filters): string {
  const isNarrow = errors.length > 0 || keys.length > 0;
  return `is ${statuses.join(' or ').replaceAll('_', ' ')}${isNarrow ? ' and fits the filter' : ''}`;
}
