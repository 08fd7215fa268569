import type { UnitWork } from '../../core/execution/unit-engine.ts';
import type { CompiledTemplate, TemplateSlot } from './compile-template.ts';
import { checkPassable, UnpassableError } from './unit-text.ts';

/**
 * Ctrl+C and the end of a terminal reach the whole process group; the row in hand is finished all the same. A signal
 * that is ignored stays so in whatever the shell starts. Source: decisions/0006.
 */
const IGNORE_SIGNALS = "trap '' INT HUP; ";
/** What the shell calls itself in its messages. */
const NAME = 'sh';

/** Where the values of a command line's slots are found; a worker has no unit. */
export type TemplateValues = {
  readonly params: Readonly<Record<string, string>>;
  readonly unit?: { readonly work: UnitWork; readonly row: ReadonlyMap<string, string> };
};

/**
 * The arguments of `/bin/sh` that run a command line with these values.
 *
 * Shapes: as `compileTemplate` made it; a command line without slots costs nothing here.
 * Errors: UnpassableError (code ROW_UNPASSABLE, or ROW_COLUMN_MISSING when the row has no such member).
 * Source: contract, job files; design, rule 11.
 */
export function buildCommand(template: CompiledTemplate, values: TemplateValues): readonly string[] {
  const found = template.slots.map((slot) => checkPassable(findValue(slot, values), `\${${slot.name}}`));
  return ['-c', `${IGNORE_SIGNALS}${template.script}`, NAME, ...found];
}

function findValue(slot: TemplateSlot, { params, unit }: TemplateValues): string {
  if (slot.from === 'param') return params[slot.name] ?? '';
  if (slot.from === 'unit') return findUnitValue(slot.name, unit?.work);
  const value = unit?.row.get(slot.name);
  if (value === undefined) throw new UnpassableError(`this row has no ${slot.name}`, 'ROW_COLUMN_MISSING');
  return value;
}

function findUnitValue(name: string, work: UnitWork | undefined): string {
  if (name === 'number') return String(work?.number ?? '');
  return (name === 'key' ? work?.key : work?.idempotencyKey) ?? '';
}
