/** The order of urgency as far as the store knows it: jobs in classes, each the most recently active first. */
import type { DatabaseSync } from 'node:sqlite';
import type { ListClass, ListFilter, ListReader } from '../list-contract.ts';

/** The order of the jobs of one snapshot: sequence numbers of one class, and how many there are. */
export type ListOrder = Pick<Synchronous<ListReader>, 'read' | 'count' | 'countAll'>;

/** Reads that answer at once. */
type Synchronous<T> = {
  readonly [Name in keyof T]: T[Name] extends (...asked: infer Asked) => Promise<infer Answer>
    ? (...asked: Asked) => Answer
    : never;
};

type Value = string | number;

/**
 * Opens the order of a snapshot. What is read is bounded by what is asked for: a class is walked in an index that has its
 * order, and only until the slice is full.
 *
 * Source: contract, list --json (order); design, what it must reach (100,000 jobs).
 */
export function openListOrder(database: DatabaseSync): ListOrder {
  const open = findOpenJobs(database);
  const classes = buildClasses(open);
  const countWhere = (filter: ListFilter, where: Clause): number => {
    const { rest, values } = buildRest(filter);
    return Number(
      database.prepare(`SELECT count(*) AS n FROM jobs WHERE ${where.text}${rest}`).get(...where.values, ...values)?.n,
    );
  };
  return {
    count: (filter, name) => countWhere(filter, classes[name].count),
    read(filter, name, { after, offset, limit }) {
      const { from, text, values: own } = classes[name].walk;
      const { rest, values } = buildRest(filter);
      const behind = after ? ' AND (jobs.active_at_ms, jobs.seq) < (?, ?)' : '';
      const place = after ? [after.activeAtMs, after.seq] : [];
      const order = 'ORDER BY jobs.active_at_ms DESC, jobs.seq DESC LIMIT ? OFFSET ?';
      return database
        .prepare(`SELECT jobs.seq FROM ${from} WHERE ${text}${rest}${behind} ${order}`)
        .all(...own, ...values, ...place, limit, offset)
        .map((row) => Number(row.seq));
    },
    countAll(filter) {
      if (filter.scope === 'all') return countWhere(filter, { text: "status != 'importing'", values: [] });
      const unended = countWhere(filter, { text: "status IN ('pending', 'running', 'stopped', 'failed')", values: [] });
      const isOpen = open.isIn;
      const ended = { ...isOpen, text: `status IN ('completed', 'cancelled') AND ${isOpen.text}` };
      return unended + countWhere(filter, ended);
    },
  };
}

function buildRest(filter: ListFilter): { readonly rest: string; readonly values: readonly Value[] } {
  const { clauses, values } = buildClauses(filter);
  return { rest: clauses.map((clause) => ` AND ${clause}`).join(''), values };
}

type Clause = { readonly text: string; readonly values: readonly Value[] };
type Walk = Clause & { readonly from: string };

/** How to tell the jobs with open units: `isIn` for counting all, `isOne` for asking of one at a time. */
type OpenJobs = { readonly isIn: Clause; readonly isOne: Clause; readonly walk: Walk };

/** Up to here jobs with open units are named one by one; where there are more, they are met soon by walking. */
const FEW_JOBS = 2_000;

const OPEN = "status IN ('in_doubt', 'needs_review')";

/** Steps through the index of open units from job to job, so that a job with a million of them costs one step. */
const FIND_OPEN = `
  WITH RECURSIVE open(seq) AS (
    SELECT (SELECT job_seq FROM units INDEXED BY units_open WHERE ${OPEN} ORDER BY job_seq LIMIT 1)
    UNION ALL
    SELECT (SELECT job_seq FROM units INDEXED BY units_open WHERE ${OPEN} AND job_seq > open.seq
            ORDER BY job_seq LIMIT 1) FROM open WHERE open.seq IS NOT NULL)
  SELECT seq FROM open WHERE seq IS NOT NULL LIMIT ?`;

function findOpenJobs(database: DatabaseSync): OpenJobs {
  const few = database
    .prepare(FIND_OPEN)
    .all(FEW_JOBS + 1)
    .map((row) => Number(row.seq));
  if (few.length > FEW_JOBS) return MANY_OPEN;
  const values = [JSON.stringify(few)];
  const isIn = { text: 'jobs.seq IN (SELECT value FROM json_each(?))', values };
  const walk = { from: 'json_each(?) AS open CROSS JOIN jobs ON jobs.seq = open.value', text: NOT_IMPORTING, values };
  return { isIn, isOne: isIn, walk };
}

const NOT_IMPORTING = "+jobs.status != 'importing'";

const IS_ONE = `EXISTS (SELECT 1 FROM units INDEXED BY units_open WHERE job_seq = jobs.seq AND units.${OPEN})`;

const MANY_OPEN: OpenJobs = {
  isIn: { text: `jobs.seq IN (SELECT job_seq FROM units INDEXED BY units_open WHERE ${OPEN})`, values: [] },
  isOne: { text: IS_ONE, values: [] },
  walk: { from: 'jobs', text: `${NOT_IMPORTING} AND ${IS_ONE}`, values: [] },
};

/** How each class is counted and walked. Two indexes have the order: that of one status, and that of all. */
function buildClasses({ isIn, isOne, walk }: OpenJobs): Readonly<Record<ListClass, { count: Clause; walk: Walk }>> {
  const closed = (status: string) => ({
    count: { text: `${status} AND NOT ${isIn.text}`, values: isIn.values },
    walk: { from: 'jobs', text: `${status} AND NOT ${isOne.text}`, values: isOne.values },
  });
  return {
    'in doubt': { count: { ...isIn, text: `status != 'importing' AND ${isIn.text}` }, walk },
    failed: closed("status = 'failed'"),
    // The plus keeps the index of statuses from being chosen: with that of the order, reading ends where the page does.
    interrupted: closed("+status NOT IN ('importing', 'failed', 'completed', 'cancelled')"),
    finished: closed("status = 'completed'"),
    cancelled: closed("status = 'cancelled'"),
  };
}

/** What a filter asks for besides its scope. */
export function buildClauses(filter: Omit<ListFilter, 'scope'>): {
  readonly clauses: readonly string[];
  readonly values: readonly Value[];
} {
  const clauses: string[] = [];
  const values: Value[] = [];
  if (filter.excludedSeqs.length > 0) {
    clauses.push('jobs.seq NOT IN (SELECT value FROM json_each(?))');
    values.push(JSON.stringify(filter.excludedSeqs));
  }
  if (filter.kind !== undefined) {
    clauses.push('kind = ?');
    values.push(filter.kind);
  }
  if (filter.text !== undefined && filter.text !== '') {
    clauses.push('(instr(lower(name), lower(?)) > 0 OR substr(jobs.id, 1, ?) = ?)');
    values.push(filter.text, filter.text.length, filter.text);
  }
  return { clauses, values };
}
