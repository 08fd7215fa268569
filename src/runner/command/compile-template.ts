import { RecoveryError } from '../../core/errors.ts';
import { describeNearestName } from '../../core/find-nearest-name.ts';
import { DEEPEST_NESTING, splitTemplate, type TemplatePart } from './split-template.ts';

/** Names a command line may use. `unit` tells whether it runs once per row; a worker does not. */
export type TemplateNames = {
  readonly params: ReadonlySet<string>;
  readonly columns: ReadonlySet<string>;
  /** Rows of a .jsonl file may have members the first one has not. */
  readonly moreColumns: boolean;
  readonly unit: boolean;
  /** Variables the command's environment will have; they are left to the shell. */
  readonly isVariable: (name: string) => boolean;
};

/** Where a placeholder's value comes from. */
export type TemplateSlot = { readonly from: 'param' | 'column' | 'unit'; readonly name: string };

/**
 * A command line made ready once for all rows: a shell script that takes the value of slot n as its n-th argument.
 * Values are never part of the script's text.
 */
export type CompiledTemplate = { readonly script: string; readonly slots: readonly TemplateSlot[] };

/** An argument of a process has at most 128 KiB on Linux, and the script is one: longer ones cannot be started. */
const LONGEST_COMMAND = 100_000;
/** How many names are looked through for one that may have been meant. */
const MOST_NAMES = 500;
/** Facts about the unit itself that a command line may use. Source: contract, job files. */
const UNIT_NAMES = ['idempotency_key', 'key', 'number'];
const ROW_PREFIX = 'row.';
/** Shell variables that hold the values; not exported, so that no program sees them. */
const VARIABLE = 'salvor_value_';

/**
 * Makes a command line ready: `${name}` becomes one shell word with the value of that name, wherever it stands.
 *
 * The value is put in by reference (`"${variable}"`), which the shell never reads as source, whatever the value holds.
 * `key` is the job file's key, for messages.
 * Errors: JOB_FILE_INVALID for a name nothing stands for, and for a placeholder where no value can stand safely.
 * Source: contract, job files; design, rule 11.
 */
export function compileTemplate(key: string, template: string, names: TemplateNames): CompiledTemplate {
  if (template.length > LONGEST_COMMAND) {
    throw refuse(key, `found ${template.length} characters; a command line has at most ${LONGEST_COMMAND}`);
  }
  const { parts, open, tooDeep } = splitTemplate(template, (name) => findSlot(name, names) !== undefined);
  if (tooDeep) throw refuse(key, `quotes and brackets are nested more than ${DEEPEST_NESTING} deep`);
  const slots: TemplateSlot[] = [];
  const places = new Map<string, number>();
  const body = parts.map((part) => {
    if (part.type === 'text') return part.text;
    if (part.type === 'expansion') return compileExpansion(key, part, names);
    const slot = findSlot(part.name, names);
    if (!slot) return leaveToShell(key, part.name, names);
    if (part.context === 'forbidden') throw refuseContext(key, part.name, slot);
    const place = `${slot.from} ${slot.name}`;
    const index = places.get(place) ?? slots.push(slot);
    places.set(place, index);
    return formatReference(`\${${VARIABLE}${index}}`, part.context);
  });
  if (open && slots.length > 0) throw refuse(key, 'a quote or bracket is not closed');
  const become = !names.unit && isSimpleCommand(template) ? 'exec ' : '';
  return { script: `${assignSlots(slots.length)}${become}${body.join('')}`, slots };
}

/**
 * Whether a command line is one program with its arguments. Then the shell becomes the program: one that waited for it
 * would hold open the streams that the program closes, and nobody would see that.
 */
function isSimpleCommand(template: string): boolean {
  const [first = ''] = template.trimStart().split(/\s/, 1);
  const rest = template.replaceAll(/\$\{[^{}]*\}/g, '');
  return /^[\w./+-]+$/.test(first) && !SHELL_WORDS.has(first) && !/[;&|<>(){}`\n!]/.test(rest);
}

/** Words of the shell that are no programs. Source: POSIX, 2.4 and 2.14. */
const SHELL_WORDS: ReadonlySet<string> = new Set(
  '. alias bg break case cd command continue eval exec exit export fc fg for function getopts hash if jobs local read readonly return set shift time times trap type ulimit umask unalias unset until wait while'.split(
    ' ',
  ),
);

function assignSlots(count: number): string {
  if (count === 0) return '';
  const assigned = Array.from({ length: count }, (_, index) => `${VARIABLE}${index + 1}=\${${index + 1}}`);
  return `${assigned.join(' ')}; shift ${count}; `;
}

function formatReference(reference: string, context: 'bare' | 'double' | 'single'): string {
  if (context === 'double') return reference;
  return context === 'single' ? `'"${reference}"'` : `"${reference}"`;
}

function findSlot(written: string, names: TemplateNames): TemplateSlot | undefined {
  const name = written.trim();
  if (names.params.has(name)) return { from: 'param', name };
  if (!names.unit) return undefined;
  if (names.columns.has(name)) return { from: 'column', name };
  const column = name.startsWith(ROW_PREFIX) ? name.slice(ROW_PREFIX.length) : undefined;
  if (column !== undefined && (names.columns.has(column) || names.moreColumns)) return { from: 'column', name: column };
  return UNIT_NAMES.includes(name) ? { from: 'unit', name } : undefined;
}

function leaveToShell(key: string, name: string, names: TemplateNames): string {
  if (names.isVariable(name)) return `\${${name}}`;
  const nearest = describeNearestName(name, listNames(names));
  const known = names.unit
    ? 'a parameter, a column or an environment variable'
    : 'a parameter or an environment variable';
  throw refuse(key, `\${${name}} is not ${known} (write $\${${name}} to leave it to the shell)${nearest}`);
}

/** The shell would look for a variable of that name and silently find none. */
function compileExpansion(key: string, part: TemplatePart & { type: 'expansion' }, names: TemplateNames): string {
  if (!names.isVariable(part.name)) {
    if (findSlot(part.name, names)) {
      throw refuse(
        key,
        `\${${part.written}}: shell operators work on variables, and ${part.name} is a value of the job`,
      );
    }
    const nearest = describeNearestName(part.written, listNames(names));
    if (nearest !== '') throw refuse(key, `\${${part.written}} is not known${nearest}`);
  }
  return `\${${part.name}`;
}

function listNames(names: TemplateNames): readonly string[] {
  const params = [...names.params].slice(0, MOST_NAMES);
  if (!names.unit) return params;
  const columns = [...names.columns].slice(0, MOST_NAMES);
  return [...params, ...columns, ...UNIT_NAMES, ...columns.map((column) => `${ROW_PREFIX}${column}`)];
}

function refuseContext(key: string, name: string, slot: TemplateSlot): RecoveryError {
  const instead = slot.from === 'column' ? 'the variable ROW_<COLUMN>' : 'a shell variable set from it before';
  return refuse(
    key,
    `\${${name}} stands in a here-document, backquotes, arithmetic or another expansion, where no value is put safely; use ${instead}`,
  );
}

function refuse(key: string, what: string): RecoveryError {
  return new RecoveryError('JOB_FILE_INVALID', `${key}: ${what}`, { details: { key } });
}
