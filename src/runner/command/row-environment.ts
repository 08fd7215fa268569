import type { UnitWork } from '../../core/execution/unit-engine.ts';
import { RUN_TOKEN_VARIABLE, UNIT_NUMBER_VARIABLE } from '../../platform/find-run-processes.ts';
import { checkPassable, UnpassableError } from './unit-text.ts';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string>>;

/** What the environment of every command of a run says. */
export type RunIdentity = {
  readonly jobId: string;
  readonly jobName: string;
  readonly epoch: number;
  readonly runToken: string;
};

/** Variables of a unit. Source: contract, job files. */
export const UNIT_VARIABLES = [
  'SALVOR_IDEMPOTENCY_KEY',
  'SALVOR_UNIT_KEY',
  UNIT_NUMBER_VARIABLE,
  'SALVOR_ATTEMPT',
] as const;

/** Variables of a run. The run token is how processes that outlive it are found. */
export const RUN_VARIABLES = ['SALVOR_JOB_ID', 'SALVOR_JOB_NAME', 'SALVOR_EPOCH', RUN_TOKEN_VARIABLE] as const;

/**
 * The variable a column is given as: upper case, everything else than letters, digits and `_` replaced by `_`.
 *
 * Errors: none; two columns may come to the same name, see `findCollision`.
 * Source: contract, job files (columns as ROW_<COLUMN>).
 */
export function formatRowVariable(column: string): string {
  return `ROW_${column.toUpperCase().replace(/[^A-Z0-9_]/gu, '_')}`;
}

/** Two columns that would be the same variable, or undefined. Errors: none. */
export function findCollision(columns: Iterable<string>): readonly [string, string] | undefined {
  const seen = new Map<string, string>();
  for (const column of columns) {
    const variable = formatRowVariable(column);
    const other = seen.get(variable);
    if (other !== undefined) return [other, column];
    seen.set(variable, column);
  }
  return undefined;
}

/**
 * The variables of every command of a run, on top of the job's own and the runner's.
 *
 * Errors: none.
 * Source: contract, job files; design, rule 2 (run token).
 */
export function buildRunEnvironment(identity: RunIdentity, env: Environment): Environment {
  const inherited: Record<string, string> = {};
  for (const [name, value] of Object.entries(process.env)) {
    // A runner that is itself a row of another job must not pass that row on.
    if (value !== undefined && !name.startsWith('SALVOR_UNIT_')) inherited[name] = value;
  }
  return {
    ...inherited,
    ...env,
    SALVOR_JOB_ID: identity.jobId,
    SALVOR_JOB_NAME: identity.jobName,
    SALVOR_EPOCH: String(identity.epoch),
    [RUN_TOKEN_VARIABLE]: identity.runToken,
  };
}

/**
 * The variables of one unit: its row as ROW_<COLUMN>, its key, number and attempt, and the idempotency key, which is
 * the same for every attempt.
 *
 * Shapes: `row` holds text by column.
 * Errors: UnpassableError (ROW_UNPASSABLE) for a value or two columns that no environment can hold.
 * Source: contract, job files.
 */
export function buildUnitEnvironment(work: UnitWork, row: ReadonlyMap<string, string>): Environment {
  const environment: Record<string, string> = {};
  for (const [column, value] of row) {
    const variable = formatRowVariable(column);
    if (variable in environment) throw describeCollision(row.keys());
    environment[variable] = checkPassable(value, `column ${column}`);
  }
  environment['SALVOR_IDEMPOTENCY_KEY'] = work.idempotencyKey;
  environment['SALVOR_UNIT_KEY'] = checkPassable(work.key, 'the key');
  environment[UNIT_NUMBER_VARIABLE] = String(work.number);
  environment['SALVOR_ATTEMPT'] = String(work.attempt);
  return environment;
}

function describeCollision(columns: Iterable<string>): UnpassableError {
  const [first, second] = findCollision(columns) ?? [];
  return new UnpassableError(
    `columns ${first} and ${second} would be the same variable ${formatRowVariable(first ?? '')}`,
  );
}
