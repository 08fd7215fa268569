import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/** What a shell understands by itself. Source: POSIX, shell command language. */
const SHELL_WORDS: ReadonlySet<string> = new Set(
  (
    'if then else elif fi for while until do done case esac in function select time . : [ alias bg break cd command continue ' +
    'echo eval exec exit export false fc fg getopts hash jobs kill let local printf pwd read readonly return set shift ' +
    'source test times trap true type ulimit umask unalias unset wait'
  ).split(' '),
);

/** Where command lines run. */
export type CommandPlace = { readonly directory: string; readonly env: Readonly<Record<string, string>> };

/** A program that cannot be started. `problem` is what is to be said behind its name. */
export type MissingCommand = {
  readonly command: string;
  readonly state: 'missing' | 'unreadable';
  readonly problem: string;
};

/**
 * Finds out whether the program a command line starts with is missing or cannot be executed (`unreadable`). Only a plain
 * first word is looked at: quotes, variables, assignments, shell keywords and builtins are the shell's to judge.
 *
 * Shapes: a word with a slash is looked for from the job's directory, another one on the PATH the command will have;
 * undefined when it is there, or cannot be told.
 * Errors: none.
 * Source: contract, job files.
 */
export function findMissingCommand(commandLine: string, { directory, env }: CommandPlace): MissingCommand | undefined {
  const command = findProgram(commandLine);
  if (command === undefined) return undefined;
  const isPath = command.includes('/');
  const candidates = isPath ? [resolve(directory, command)] : listCandidates(command, { directory, env });
  let found = false;
  for (const candidate of candidates) {
    const state = probeExecutable(candidate);
    if (state === 'executable') return undefined;
    found ||= state === 'file';
  }
  if (found) {
    const problem = 'cannot be executed: it is a file without the execute permission';
    return { command, state: 'unreadable', problem };
  }
  return { command, state: 'missing', problem: `does not exist${isPath ? ` in ${directory}` : ' on the PATH'}` };
}

function findProgram(commandLine: string): string | undefined {
  const match = /^\s*([\w./+@%-]+)(?=\s*$|\s+[^\s(])/.exec(commandLine);
  const word = match?.[1];
  return word === undefined || SHELL_WORDS.has(word) ? undefined : word;
}

function listCandidates(word: string, { directory, env }: CommandPlace): readonly string[] {
  const searchPath = env['PATH'] ?? process.env['PATH'] ?? '/usr/bin:/bin';
  return searchPath.split(delimiter).map((part) => join(resolve(directory, part), word));
}

function probeExecutable(path: string): 'executable' | 'file' | 'missing' {
  try {
    if (!statSync(path).isFile()) return 'missing';
  } catch {
    return 'missing';
  }
  try {
    accessSync(path, constants.X_OK);
    return 'executable';
  } catch {
    return 'file';
  }
}
