/** What became different between two looks at one job. Facts only; the words are the presenter's. */
import { ATTENTION_LIMIT, type Evidence, type UnitFacts, type UnitsEvidence } from '../evidence/schema.ts';
import { UNIT_STATUSES, type UnitStatus } from '../job/schema.ts';
import type { FactChange } from './fact-change.ts';

type Two<T> = { readonly was: T; readonly is: T };

/** Differences in who holds the job: epoch, recorded status, and what became of the runner. */
export function compareHolders({ was, is }: Two<Evidence>, runner: Two<string>): readonly FactChange[] {
  const holder = is.lease && { pid: is.lease.pid, host: is.lease.host };
  // A holder that died, or let go, holds nothing.
  const isHeld = holder !== undefined && runner.is === 'alive';
  return [
    ...compare('epoch', { was: was.recorded.epoch, is: is.recorded.epoch }).map((change) => ({
      ...change,
      ...(isHeld && { holder }),
    })),
    ...compare('status', { was: was.recorded.status, is: is.recorded.status }),
    ...compare('runner', runner),
  ];
}

/** Differences in everything else that a plan may rest on. */
export function compareEvidence(was: Evidence, is: Evidence): readonly FactChange[] {
  return [
    ...compare('run_count', { was: was.recorded.runCount, is: is.recorded.runCount }),
    ...(was.units && is.units ? compareUnits({ was: was.units, is: is.units }) : []),
    ...compareAll('prerequisite', {
      was: was.prerequisites.map(({ path, state }) => [path, state]),
      is: is.prerequisites.map(({ path, state }) => [path, state]),
    }),
    ...compareAll('orphan', {
      was: was.orphans.map(({ pid, command }) => [pid, command]),
      is: is.orphans.map(({ pid, command }) => [pid, command]),
    }),
    ...compareGenerations({ was: was.checkpoints ?? [], is: is.checkpoints ?? [] }),
    ...compareAll('file', {
      was: (was.files ?? []).map(({ what, state }) => [what, state]),
      is: (is.files ?? []).map(({ what, state }) => [what, state]),
    }),
    ...compare('audit_broken', { was: was.audit.broken?.sequence ?? null, is: is.audit.broken?.sequence ?? null }),
  ];
}

function compare(fact: FactChange['fact'], { was, is }: Two<FactChange['was']>): readonly FactChange[] {
  return was === is ? [] : [{ fact, was, is }];
}

type Named = readonly (readonly [subject: string | number, value: string])[];

/** Compares facts that have a name, in the order they were seen; new ones follow. */
function compareAll(fact: FactChange['fact'], named: Two<Named>): readonly FactChange[] {
  const [was, is] = [new Map(named.was), new Map(named.is)];
  return [...new Set([...was.keys(), ...is.keys()])].flatMap((subject) =>
    compare(fact, { was: was.get(subject) ?? null, is: is.get(subject) ?? null }).map((one) => ({ ...one, subject })),
  );
}

type Generations = NonNullable<Evidence['checkpoints']>;

function compareGenerations({ was, is }: Two<Generations>): readonly FactChange[] {
  const steps = (all: Generations): Named => all.map(({ source, globalStep }) => [source, globalStep ?? '?']);
  const grades = (all: Generations): Named => all.map(({ source, grade }) => [source, grade]);
  return [
    ...compareAll('checkpoint_step', { was: steps(was), is: steps(is) }),
    ...compareAll('checkpoint_grade', { was: grades(was), is: grades(is) }),
  ];
}

/** Units one by one as far as they are known, then the counts that these do not explain. */
function compareUnits({ was, is }: Two<UnitsEvidence>): readonly FactChange[] {
  const moved = listMoved({ was, is });
  const left = new Map(UNIT_STATUSES.map((status) => [status, is.counts[status] - was.counts[status]]));
  for (const unit of moved) explain(left, unit);
  const unknown = { from: moved.filter(({ from }) => !from).length, to: moved.filter(({ to }) => !to).length };
  const [onlyFrom, onlyTo] = [findOnly(left, -unknown.from), findOnly(left, unknown.to)];
  for (const { from, to } of moved) explain(left, { from: from ? undefined : onlyFrom, to: to ? undefined : onlyTo });
  const units = moved.map(({ number, from = onlyFrom ?? null, to = onlyTo ?? null }) => {
    return { fact: 'unit', subject: number, unit: is.unit, was: from, is: to } as const;
  });
  const counts = UNIT_STATUSES.filter((status) => left.get(status) !== 0).flatMap((status) =>
    compare('count', { was: was.counts[status], is: is.counts[status] }).map((one) => ({
      ...one,
      subject: status,
      unit: is.unit,
    })),
  );
  const changes = [...units, ...counts];
  if (changes.length > 0) return changes;
  const events = compare('journal', { was: was.journalSequence, is: is.journalSequence });
  return events.map((one) => ({ ...one, unit: is.unit }));
}

/** Takes one unit's way out of the differences in the counts. */
function explain(left: Map<UnitStatus, number>, { from, to }: Pick<Moved, 'from' | 'to'>): void {
  if (from) left.set(from, (left.get(from) ?? 0) + 1);
  if (to) left.set(to, (left.get(to) ?? 0) - 1);
}

/** The one status whose count rose (fell, when negative) by as many units as are not accounted for. */
function findOnly(left: ReadonlyMap<UnitStatus, number>, count: number): UnitStatus | undefined {
  const changed = UNIT_STATUSES.filter((status) => (left.get(status) ?? 0) * count > 0);
  const [only] = changed;
  return changed.length === 1 && only && Math.abs(left.get(only) ?? 0) >= Math.abs(count) ? only : undefined;
}

type Moved = { readonly number: number; readonly from: UnitStatus | undefined; readonly to: UnitStatus | undefined };

/** Units that were, or are, open and changed their status; a status that evidence does not carry is undefined. */
function listMoved({ was, is }: Two<UnitsEvidence>): readonly Moved[] {
  const [before, after] = [listKnown(was), listKnown(is)];
  // A list that was cut at its limit says nothing of a unit that is not on it.
  const isWhole = was.attention.length < ATTENTION_LIMIT && is.attention.length < ATTENTION_LIMIT;
  return [...new Set([...was.attention, ...is.attention].map(({ number }) => number))]
    .toSorted((a, b) => a - b)
    .map((number) => ({ number, from: before.get(number)?.status, to: after.get(number)?.status }))
    .filter(({ from, to }) => from !== to && (isWhole || (from !== undefined && to !== undefined)));
}

function listKnown({ attention, lastDone, lastFailing }: UnitsEvidence): ReadonlyMap<number, UnitFacts> {
  const known = [lastDone, lastFailing, ...attention].filter((unit) => unit !== undefined);
  return new Map(known.map((unit) => [unit.number, unit]));
}
