import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { runCompletion } from '../../src/cli/commands/completion.ts';
import { COMMAND_FLAGS, COMMANDS, GLOBAL_FLAGS } from '../../src/cli/flags.ts';
import { makeOutput } from '../../src/cli/output.ts';
import { parseArgs } from '../../src/cli/parse-args.ts';
import { makeFolder } from '../helpers/make-folder.ts';

const run = promisify(execFile);

/** The script that the command prints for a shell. */
async function printScript(shell: string): Promise<string> {
  const printed: string[] = [];
  const config = {
    stateDirectory: '',
    stateNamed: false,
    principal: '',
    readOnly: false,
    noColor: false,
    answers: {},
    json: false,
  };
  const output = { ...makeOutput(false), print: (line: string) => void printed.push(line) };
  await runCompletion({ asked: parseArgs(['completion', shell]), config, output, version: '', programPath: '' });
  return printed.join('\n');
}

/** What the real bash offers for a line that ends where the cursor is, among these files. */
async function completeInBash(
  words: readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<readonly string[]> {
  await using folder = await makeFolder({ ...files, 'completion.bash': await printScript('bash') });
  const typed = words.map((word) => `'${word}'`).join(' ');
  const script = `source ./completion.bash; COMP_WORDS=(salvor ${typed}); COMP_CWORD=${words.length}; _salvor; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout } = await run('bash', ['--norc', '--noprofile', '-c', script], { cwd: folder.path });
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .sort();
}

describe('completion in bash', () => {
  it('offers every command, and no name that is only meant', async () => {
    const named = Object.keys(COMMANDS).filter((name) => name !== 'console' && name !== 'choose');
    expect(await completeInBash([''])).toEqual([...named, 'completion.bash'].sort());
    expect(await completeInBash(['se'])).toEqual(['settle']);
  });

  it('offers files beside commands', async () => {
    expect(await completeInBash(['list', 'ord'], { 'orders.yaml': '' })).toEqual(['orders.yaml']);
  });

  it('offers every flag', async () => {
    const flags = [...Object.keys(GLOBAL_FLAGS), ...Object.keys(COMMAND_FLAGS)].map((name) => `--${name}`);
    expect(await completeInBash(['list', '--'])).toEqual(flags.sort());
    expect(await completeInBash(['--re'])).toEqual(['--read-only', '--reason', '--receipt']);
  });

  it('offers the values of a flag that has some', async () => {
    expect(await completeInBash(['--choice', ''])).toEqual([...COMMAND_FLAGS.choice.values].sort());
    expect(await completeInBash(['--choice', 're'])).toEqual(['restart', 'resume', 'review']);
    expect(await completeInBash(['settle', 'a', '1', '--as', 'p'])).toEqual(['pending']);
  });

  it('is known to bash as the completion of salvor', async () => {
    const script = await printScript('bash');
    const { stdout } = await run('bash', ['--norc', '--noprofile', '-c', `${script}\ncomplete -p salvor`]);
    expect(stdout).toBe('complete -F _salvor salvor\n');
  });
});

describe('completion in other shells', () => {
  it('zsh: each flag is one quoted word, with its values', async () => {
    const script = await printScript('zsh');
    expect(script.startsWith('#compdef salvor\n')).toBe(true);
    expect(script).toContain("'--as[what the unit is settled as]:state:(done pending skipped)' \\");
    expect(script).toContain(
      "'--state[state directory (env SALVOR_STATE; default ./.salvor if present, else the XDG one)]:dir:_files' \\",
    );
    // Quotes, brackets and colons of a description would end it; bash splits quoted words as zsh does.
    const { stdout } = await run('bash', ['-c', `_arguments() { printf '%s\\n' "$@"; }\n${script}`]);
    const flags = stdout.split('\n').filter((line) => line.startsWith('--'));
    expect(flags).toHaveLength(Object.keys(GLOBAL_FLAGS).length + Object.keys(COMMAND_FLAGS).length);
    for (const flag of flags) expect(flag).toMatch(/^--[a-z-]+\[[^[\]:']*\](:[^:]+:(\(.*\)|_files))?$/);
  });

  it('fish: there is a line for every command and flag, each with its quotes closed', async () => {
    const lines = (await printScript('fish')).split('\n');
    expect(lines).toContain('complete -c salvor -n __fish_use_subcommand -a settle');
    expect(lines).toContain("complete -c salvor -l as -d 'what the unit is settled as' -x -a 'done pending skipped'");
    const { stdout } = await run('bash', ['-c', `complete() { printf '%s\\n' "$4"; }\n${lines.join('\n')}`]);
    const offered =
      Object.keys(GLOBAL_FLAGS).length + Object.keys(COMMAND_FLAGS).length + Object.keys(COMMANDS).length - 2;
    expect(stdout.trim().split('\n')).toHaveLength(offered);
    expect(lines).toHaveLength(offered);
  });

  it.each(['powershell', 'constructor', '__proto__'])('USAGE_INVALID: there is none for %s', async (shell) => {
    await expect(printScript(shell)).rejects.toThrow(expect.objectContaining({ code: 'USAGE_INVALID' }));
  });
});
