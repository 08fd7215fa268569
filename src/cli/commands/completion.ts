import { RecoveryError } from '../../core/errors.ts';
import { SOURCES } from '../../sources/registry.ts';
import type { CommandContext } from '../command-context.ts';
import { COMMAND_FLAGS, COMMAND_WORDS, type Flag, GLOBAL_FLAGS } from '../flags.ts';

const source = { ...GLOBAL_FLAGS.source, values: SOURCES.map(({ name }) => name) };
const FLAGS: Readonly<Record<string, Flag>> = { ...GLOBAL_FLAGS, ...COMMAND_FLAGS, source };
const NAMES = COMMAND_WORDS;

const SCRIPTS: Readonly<Record<string, () => string>> = { bash: formatBash, zsh: formatZsh, fish: formatFish };

/** `salvor completion`: a script for a shell, made of the tables that parse the command line. */
export async function runCompletion({ asked, output }: CommandContext): Promise<number> {
  const shell = asked.positionals[0] ?? '';
  const script = Object.hasOwn(SCRIPTS, shell) ? SCRIPTS[shell] : undefined;
  if (!script)
    throw new RecoveryError('USAGE_INVALID', `completion is there for bash, zsh and fish, not for '${shell}'`);
  output.print(script());
  return 0;
}

/** The values a shell may offer; one of two words would be offered as two. */
function listValues({ values = [] }: Flag): string {
  return values.filter((value) => !value.includes(' ')).join(' ');
}

function formatBash(): string {
  const cases = Object.entries(FLAGS)
    .filter(([, flag]) => flag.values !== undefined)
    .map(([name, flag]) => `    --${name}) COMPREPLY=($(compgen -W "${listValues(flag)}" -- "$word")); return ;;`);
  return [
    '_salvor() {',
    '  local word="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}"',
    '  case "$previous" in',
    ...cases,
    '  esac',
    '  if [[ "$word" == -* ]]; then',
    `    COMPREPLY=($(compgen -W "${Object.keys(FLAGS)
      .map((name) => `--${name}`)
      .join(' ')}" -- "$word"))`,
    '  else',
    `    COMPREPLY=($(compgen -f -W "${NAMES.join(' ')}" -- "$word"))`,
    '  fi',
    '}',
    'complete -F _salvor salvor',
  ].join('\n');
}

function formatZsh(): string {
  const flags = Object.entries(FLAGS).map(([name, flag]) => {
    const argument =
      flag.value === undefined
        ? ''
        : `:${flag.value.toLowerCase()}:${flag.values ? `(${listValues(flag)})` : '_files'}`;
    return `  '--${name}[${flag.help.replace(/[[\]:']/g, ' ')}]${argument}'`;
  });
  return [
    '#compdef salvor',
    '_arguments -s \\',
    ...flags.map((flag) => `${flag} \\`),
    `  '1:command:(${NAMES.join(' ')})' \\`,
    "  '*:file:_files'",
  ].join('\n');
}

function formatFish(): string {
  const commands = NAMES.map((name) => `complete -c salvor -n __fish_use_subcommand -a ${name}`);
  const flags = Object.entries(FLAGS).map(([name, flag]) => {
    const argument = flag.value === undefined ? '' : flag.values ? ` -x -a '${listValues(flag)}'` : ' -r';
    return `complete -c salvor -l ${name} -d '${flag.help.replaceAll("'", ' ')}'${argument}`;
  });
  return [...commands, ...flags].join('\n');
}
