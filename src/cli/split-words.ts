import { RecoveryError } from '../core/errors.ts';
import { describeNearestName } from '../core/find-nearest-name.ts';
import type { Flag } from './flags.ts';

/** Words of a command line by what they are. A switch is `true`; a flag that repeats has a list. */
export type SplitWords = {
  readonly values: Readonly<Record<string, string | true | readonly string[]>>;
  readonly positionals: readonly string[];
};

/** Short forms. */
const SHORT: ReadonlyMap<string, string> = new Map([
  ['-h', '--help'],
  ['-v', '--version'],
]);

/**
 * Splits a command line into flags (`--name`, `--name value`, `--name=value`) and the rest; `--` ends the flags.
 *
 * Its own code, since the one of Node.js loads all of `node:util`: a fifth of the time of a short command
 * (decisions/0011).
 *
 * Errors: USAGE_INVALID for an unknown flag (with the nearest one), a missing value, a value where none goes, and a flag
 *         that stands twice, a switch too, unless it repeats.
 */
export function splitWords(argv: readonly string[], flags: Readonly<Record<string, Flag>>): SplitWords {
  const values: Record<string, string | true | readonly string[]> = {};
  const positionals: string[] = [];
  const words = argv[Symbol.iterator]();
  for (const written of words) {
    const word = SHORT.get(written) ?? written;
    if (word === '--') positionals.push(...words);
    else if (!word.startsWith('-') || word === '-') positionals.push(word);
    else {
      const { name, flag, value } = readFlag(word, flags);
      values[name] = readValue(values[name], {
        name,
        flag,
        value: value ?? (flag.value === undefined ? undefined : words.next().value),
      });
    }
  }
  return { values, positionals };
}

function readFlag(word: string, flags: Readonly<Record<string, Flag>>) {
  const [, name = '', value] = /^--?([^=]*)(?:=(.*))?$/s.exec(word) ?? [];
  const flag = word.startsWith('--') && Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag) return { name, flag, value };
  const known = Object.keys(flags).map((one) => `--${one}`);
  throw new RecoveryError(
    'USAGE_INVALID',
    `unknown flag ${word.replace(/=.*/s, '')}${describeNearestName(`--${name}`, known)}`,
    {
      details: { flag: word.replace(/=.*/s, '') },
    },
  );
}

function readValue(
  before: string | true | readonly string[] | undefined,
  { name, flag, value }: { readonly name: string; readonly flag: Flag; readonly value: string | undefined },
): string | true | readonly string[] {
  if (flag.value === undefined) {
    if (value !== undefined) throw refuse(name, `--${name} takes no value, found '${value}'`);
    if (before !== undefined) throw refuse(name, `--${name} stands twice`);
    return true;
  }
  if (value === undefined) throw refuse(name, `--${name} needs a value: ${flag.value}`);
  if (flag.repeats) return [...(Array.isArray(before) ? before : []), value];
  // Of two words one would be ignored, and nobody could tell which was meant.
  if (before !== undefined) throw refuse(name, `--${name} stands twice, with '${before}' and with '${value}'`);
  return value;
}

function refuse(flag: string, message: string): RecoveryError {
  return new RecoveryError('USAGE_INVALID', message, { details: { flag } });
}
