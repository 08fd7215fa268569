import { RecoveryError } from '../../../core/errors.ts';
import { compileTemplate, type TemplateNames } from '../../command/compile-template.ts';
import { findCollision, formatRowVariable, RUN_VARIABLES, UNIT_VARIABLES } from '../../command/row-environment.ts';
import type { BatchSpec } from './schema.ts';

/** The names each command line of a job may use, and the variables it will find. Errors: none. */
export function listTemplateNames(spec: BatchSpec, key: 'command' | 'worker' | 'verify'): TemplateNames {
  const unit = key !== 'worker';
  const variables = new Set<string>([...Object.keys(process.env), ...Object.keys(spec.env), ...RUN_VARIABLES]);
  if (unit) for (const name of [...UNIT_VARIABLES, ...spec.columns.map(formatRowVariable)]) variables.add(name);
  const moreColumns = spec.rowsFormat === 'jsonl';
  return {
    params: new Set(Object.keys(spec.params)),
    columns: new Set(spec.columns),
    moreColumns,
    unit,
    isVariable: (name) => variables.has(name) || (unit && moreColumns && /^ROW_[A-Z0-9_]+$/.test(name)),
  };
}

/**
 * Checks what a job file says against the columns its rows have: placeholders of the command lines, and column names
 * that would be the same variable.
 *
 * Errors: JOB_FILE_INVALID, ROWS_INVALID.
 * Source: contract, job files.
 */
export function checkBatch(spec: BatchSpec): void {
  for (const key of ['command', 'worker', 'verify'] as const) {
    const template = spec[key];
    if (template !== undefined) compileTemplate(key, template, listTemplateNames(spec, key));
  }
  const collision = spec.command === undefined && spec.verify === undefined ? undefined : findCollision(spec.columns);
  if (!collision) return;
  const [first, second] = collision;
  throw new RecoveryError(
    'ROWS_INVALID',
    `columns ${first} and ${second} of ${spec.rowsPath} would both be the variable ${formatRowVariable(first)}`,
    { details: { path: spec.rowsPath, columns: [first, second] } },
  );
}
