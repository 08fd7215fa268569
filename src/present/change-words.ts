/** What changed between two looks at a job, in words: the fact, what it was, what it is. */
import { type FactChange, readChanges } from '../core/plan/fact-change.ts';
import { safeText } from './safe-text.ts';

type Name = (change: FactChange) => string;

const subjectOf = ({ subject = '?' }: FactChange): string => safeText(String(subject), 200).replaceAll('_', ' ');

const NAMES: Readonly<Record<FactChange['fact'], Name>> = {
  epoch: () => 'epoch',
  status: () => 'recorded as',
  runner: () => 'runner',
  run_count: () => 'runs so far',
  unit: (change) => `${change.unit ?? 'row'} ${subjectOf(change)}`,
  count: (change) => `${change.unit ?? 'row'}s ${subjectOf(change)}`,
  journal: (change) => `events of its ${change.unit ?? 'row'}s`,
  prerequisite: (change) => safeText(String(change.subject ?? 'a file'), 500),
  orphan: (change) => `left-over process ${subjectOf(change)}`,
  checkpoint_step: (change) => `${subjectOf(change)} checkpoint, global step`,
  checkpoint_grade: (change) => `${subjectOf(change)} checkpoint, grade`,
  file: subjectOf,
  audit_broken: () => 'audit trail broken at entry',
  other: () => 'something else it rests on',
};

/** What a fact that is not there is called. A unit that left what was read may be anything but open. */
const ABSENT: Readonly<Partial<Record<FactChange['fact'], string>>> = { orphan: 'gone', unit: 'not open' };

/** Free text; everything else is a word of Salvor's own. */
const FOREIGN: ReadonlySet<FactChange['fact']> = new Set(['orphan', 'checkpoint_step']);

/** One change in one line, such as `row 48: in doubt -> done`. Errors: none. */
export function describeChange(change: FactChange): string {
  const { fact, was, is, holder } = change;
  const name = NAMES[fact](change);
  if (was === null && is === null) return `${name}: changed`;
  const say = (value: FactChange['was']): string => {
    if (value === null) return ABSENT[fact] ?? 'none';
    const text = safeText(String(value), 120);
    return FOREIGN.has(fact) ? text : text.replaceAll('_', ' ');
  };
  const by = holder ? ` (held by pid ${holder.pid} on ${safeText(holder.host, 80)})` : '';
  return `${name}: ${say(was)} -> ${say(is)}${by}`;
}

/** More changes than this are counted instead of told. */
const TOLD = 12;

/** What the details of an EVIDENCE_STALE say changed, a line each; none for any other error. */
export function describeChanges(details: Readonly<Record<string, unknown>>): readonly string[] {
  const changes = readChanges(details);
  const more = changes.length - TOLD;
  return [...changes.slice(0, TOLD).map(describeChange), ...(more > 0 ? [`and ${more} more`] : [])];
}
