import { RecoveryError } from '../core/errors.ts';
import { findNearestName } from '../core/find-nearest-name.ts';
import {
  COMMAND_FLAGS,
  COMMAND_WORDS,
  COMMANDS,
  type Command,
  type CommandName,
  type Flag,
  type FlagName,
  GLOBAL_FLAGS,
} from './flags.ts';
import { type SplitWords, splitWords } from './split-words.ts';

/** What was asked for. `texts` holds the one value of a flag, `lists` every value of those that repeat. */
export type Asked = {
  readonly command: CommandName;
  readonly positionals: readonly string[];
  readonly texts: Readonly<Partial<Record<FlagName, string>>>;
  readonly lists: Readonly<Partial<Record<FlagName, readonly string[]>>>;
  readonly switches: ReadonlySet<FlagName>;
};

/** Flags whose value is taken without the blanks around it: nothing but blanks is empty too. */
const TRIMMED: ReadonlySet<string> = new Set(['principal', 'exec', 'reason', 'job']);

const FLAGS: Readonly<Record<string, Flag>> = { ...GLOBAL_FLAGS, ...COMMAND_FLAGS };

/**
 * Reads a command line. `salvor` alone opens the console, `--choice` recovers, else the first word is the command.
 *
 * Errors: USAGE_INVALID, naming the nearest known flag, command or value.
 * Source: contract, commands.
 */
export function parseArgs(argv: readonly string[]): Asked {
  const { values, positionals } = splitWords(argv, FLAGS);
  const first = positionals[0];
  const named = first !== undefined && COMMAND_WORDS.includes(first) ? (first as CommandName) : undefined;
  const command = named ?? (values.choice === undefined ? 'console' : 'choose');
  const rest = named ? positionals.slice(1) : positionals;
  const asked: Asked = {
    command,
    positionals: rest,
    texts: pick(values, (value): value is string => typeof value === 'string'),
    lists: pick(values, (value): value is string[] => Array.isArray(value)),
    switches: new Set(Object.keys(values).filter((name) => values[name] === true) as FlagName[]),
  };
  if (!asked.switches.has('help')) checkUse(asked, values);
  return asked;
}

type Values = SplitWords['values'];

function checkUse(asked: Asked, values: Values): void {
  const {
    flags,
    arguments: [least, most],
    usage,
  }: Command = COMMANDS[asked.command];
  const known = new Set<string>([...Object.keys(GLOBAL_FLAGS), ...flags]);
  const stray = Object.keys(values).find((name) => values[name] !== undefined && !known.has(name));
  if (stray !== undefined) {
    throw new RecoveryError('USAGE_INVALID', `--${stray} does not go with ${describeCommand(asked.command)}`, {
      details: { flag: stray },
    });
  }
  for (const [name, value] of Object.entries(asked.texts)) checkValue(name, value);
  for (const [name, list] of Object.entries(asked.lists)) for (const value of list) checkValue(name, value);
  const count = asked.positionals.length;
  if (count < least || count > most) throw new RecoveryError('USAGE_INVALID', `usage: salvor ${usage}`);
  // A variable that was never set: it would be the working directory, or the only job.
  const empty = asked.positionals.findIndex((word) => word.trim() === '');
  if (empty >= 0) {
    const message = `argument ${empty + 1} of ${describeCommand(asked.command)} is empty: usage: salvor ${usage}`;
    throw new RecoveryError('USAGE_INVALID', message, { details: { argument: empty + 1 } });
  }
}

function checkValue(name: string, value: string): void {
  if ((TRIMMED.has(name) ? value.trim() : value) === '') {
    throw new RecoveryError('USAGE_INVALID', `--${name} is empty: it needs ${FLAGS[name]?.value}`, {
      details: { flag: name },
    });
  }
  const allowed = FLAGS[name]?.values;
  if (allowed) checkOneOf(name, value, allowed);
}

/** Errors: USAGE_INVALID with the nearest of the values a flag may have. */
export function checkOneOf(name: string, value: string, allowed: readonly string[]): void {
  if (allowed.includes(value)) return;
  const nearest = findNearestName(value, allowed);
  const guess = nearest === undefined ? `it is one of ${allowed.join(', ')}` : `did you mean ${nearest}?`;
  throw new RecoveryError('USAGE_INVALID', `--${name} ${value}: ${guess}`, { details: { flag: name, value, allowed } });
}

function describeCommand(command: CommandName): string {
  if (command === 'console') return 'the console';
  return command === 'choose' ? '--choice' : `salvor ${command}`;
}

function pick<T>(values: Values, is: (value: unknown) => value is T): Readonly<Partial<Record<FlagName, T>>> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => is(value))) as Partial<Record<FlagName, T>>;
}
