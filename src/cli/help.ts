import { RecoveryError } from '../core/errors.ts';
import { findNearestName } from '../core/find-nearest-name.ts';
import { EXIT_MEANINGS } from './exit-codes.ts';
import {
  COMMAND_FLAGS,
  COMMAND_WORDS,
  COMMANDS,
  type Command,
  type CommandName,
  type Flag,
  GLOBAL_FLAGS,
} from './flags.ts';

const FLAG_WIDTH = 24;

/** The command that `salvor help NAME` is about; the console, and so all of Salvor, without a name. Errors: USAGE_INVALID. */
export function findHelp(name: string | undefined): CommandName {
  if (name === undefined) return 'console';
  if (isCommandName(name)) return name;
  const nearest = findNearestName(name, COMMAND_WORDS);
  const guess = nearest === undefined ? `it is one of ${COMMAND_WORDS.join(', ')}` : `did you mean ${nearest}?`;
  throw new RecoveryError('USAGE_INVALID', `there is no command '${name}': ${guess}`, { details: { command: name } });
}

function isCommandName(name: string): name is CommandName {
  return COMMAND_WORDS.includes(name);
}

/** Help for one command, or for all of Salvor when `command` is the console. */
export function formatHelp(command: CommandName, version: string): string {
  return command === 'console' ? formatAll(version) : formatOne(command);
}

function formatAll(version: string): string {
  const commands = Object.values<Command>(COMMANDS).map(({ usage, help }) => `  salvor ${usage}\n      ${help}`);
  return [
    `salvor ${version}: the recovery console for jobs that died`,
    '',
    ...commands,
    '',
    'Everywhere:',
    ...formatFlags(GLOBAL_FLAGS),
    '',
    'Exit codes:',
    ...EXIT_MEANINGS.map(([code, meaning]) => `  ${code.padEnd(8)} ${meaning}`),
    '',
  ].join('\n');
}

function formatOne(name: CommandName): string {
  const { usage, help, flags }: Command = COMMANDS[name];
  const own = Object.fromEntries(flags.map((flag) => [flag, COMMAND_FLAGS[flag]]));
  return [
    `salvor ${usage}`,
    `    ${help}`,
    '',
    ...formatFlags(own),
    '',
    'Everywhere:',
    ...formatFlags(GLOBAL_FLAGS),
    '',
  ].join('\n');
}

function formatFlags(flags: Readonly<Record<string, Flag>>): readonly string[] {
  return Object.entries(flags).map(([name, flag]) => {
    const shown = `--${name}${flag.value === undefined ? '' : ` ${flag.value}`}`;
    return `  ${shown.padEnd(FLAG_WIDTH)} ${flag.help}`;
  });
}
