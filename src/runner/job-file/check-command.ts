import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, join, resolve } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import type { BatchSpec } from './schema.ts';

/** What a shell understands by itself. Source: POSIX, shell command language. */
const SHELL_WORDS: ReadonlySet<string> = new Set(
  (
    'if then else elif fi for while until do done case esac in function select time . : [ alias bg break cd command continue ' +
    'echo eval exec exit export false fc fg getopts hash jobs kill let local printf pwd read readonly return set shift ' +
    'source test times trap true type ulimit umask unalias unset wait'
  ).split(' '),
);

/**
 * Makes sure that the program a command line starts with exists and can be executed. Only a plain first word is
 * looked at: quotes, variables, assignments, shell keywords and builtins are the shell's to judge.
 *
 * Shapes: a word with a slash is looked for from the job's directory, another one on the PATH the command will have.
 * Errors: COMMAND_MISSING, naming the word.
 * Source: contract, job files.
 */
export async function checkCommand(commandLine: string, spec: Pick<BatchSpec, 'directory' | 'env'>): Promise<void> {
  const word = findProgram(commandLine);
  if (word === undefined) return;
  const candidates = word.includes('/') ? [resolve(spec.directory, word)] : listCandidates(word, spec);
  let found = false;
  for (const candidate of candidates) {
    const state = await probeExecutable(candidate);
    if (state === 'executable') return;
    found ||= state === 'file';
  }
  const message = found
    ? `the command ${word} cannot be executed: it is a file without the execute permission`
    : `the command ${word} does not exist${word.includes('/') ? ` in ${spec.directory}` : ' on the PATH'}`;
  throw new RecoveryError('COMMAND_MISSING', message, { details: { command: word } });
}

function findProgram(commandLine: string): string | undefined {
  const match = /^\s*([\w./+@%-]+)(?=\s*$|\s+[^\s(])/.exec(commandLine);
  const word = match?.[1];
  return word === undefined || SHELL_WORDS.has(word) ? undefined : word;
}

function listCandidates(word: string, spec: Pick<BatchSpec, 'directory' | 'env'>): readonly string[] {
  const searchPath = spec.env['PATH'] ?? process.env['PATH'] ?? '/usr/bin:/bin';
  return searchPath.split(delimiter).map((directory) => join(resolve(spec.directory, directory), word));
}

async function probeExecutable(path: string): Promise<'executable' | 'file' | 'missing'> {
  try {
    if (!(await stat(path)).isFile()) return 'missing';
  } catch {
    return 'missing';
  }
  try {
    await access(path, constants.X_OK);
    return 'executable';
  } catch {
    return 'file';
  }
}
