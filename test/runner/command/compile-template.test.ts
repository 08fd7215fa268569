import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildCommand } from '../../../src/runner/command/build-command.ts';
import { compileTemplate, type TemplateNames } from '../../../src/runner/command/compile-template.ts';

const NAMES: TemplateNames = {
  params: new Set(['speed']),
  columns: new Set(['name', 'order id', 'speed', 'order-id']),
  moreColumns: false,
  unit: true,
  isVariable: (name) => name === 'HOME' || name === 'ROW_NAME',
};
const WORK = { number: 7, key: 'K', idempotencyKey: 'job/7', attempt: 1, rowJson: '{}' };

/** Runs a command line in a real shell and answers the arguments and the output it makes. */
function run(template: string, row: Record<string, string>, names = NAMES): string {
  const compiled = compileTemplate('command', template, names);
  const args = buildCommand(compiled, {
    params: { speed: 'fast' },
    unit: { work: WORK, row: new Map(Object.entries(row)) },
  });
  return execFileSync('/bin/sh', args, {
    env: { HOME: '/home/x', ROW_NAME: 'from env', PATH: process.env['PATH'] },
  }).toString();
}

function refusal(template: string, names = NAMES): string {
  try {
    compileTemplate('command', template, names);
  } catch (error) {
    if (error instanceof Error && 'code' in error) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('a value in a command line', () => {
  it('arrives as exactly one argument, whatever it is and however the placeholder is quoted', () => {
    // A prime mixes what shells care about with any other character; NUL cannot be an argument at all.
    const special = fc.constantFrom(
      "'",
      '"',
      '\\',
      '$',
      '`',
      '\n',
      ' ',
      '*',
      '~',
      ';',
      '&',
      '|',
      '$(id)',
      '${HOME}',
      '#',
      '-',
      '!',
      '\t',
      '\r',
    );
    const any = fc.string({ unit: 'binary' }).map((text) => text.replaceAll('\0', ''));
    const value = fc.array(fc.oneof(special, any), { minLength: 1 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(value, (name) => {
        const output = run(
          `printf '%s\\0' \${name} "\${name}" 'a\${name}b' x\${name}y "$(printf %s "\${name}"; echo .)"`,
          { name },
        );
        expect(output.split('\0')).toEqual([name, name, `a${name}b`, `x${name}y`, `${name}.`, '']);
      }),
      // Each value costs a shell and what it starts.
      { numRuns: 40 },
    );
  });
  it('comes from parameters first, then columns, then the unit', () => {
    const row = { name: 'Ada', 'order id': 'A 1', speed: 'column', 'order-id': 'A-1' };
    const all =
      'printf "%s|" ${speed} ${row.speed} ${order id} ${order-id} ${row.name} ${key} ${number} ${idempotency_key}';
    expect(run(all, row)).toBe('fast|column|A 1|A-1|Ada|K|7|job/7|');
  });
  it('is not seen by the programs of the command as a variable', () => {
    expect(run('true ${name}; env | grep -c salvor_value || true', { name: 'x' })).toBe('0\n');
  });
  it('leaves the positional parameters of the script empty', () => {
    expect(run('echo "${name}" $#', { name: 'x' })).toBe('x 0\n');
  });
});

describe('compileTemplate', () => {
  it.each([
    ['environment variables', 'echo ${HOME} "${ROW_NAME}"', '/home/x from env\n'],
    ['escaped placeholders', 'name=v; echo $${name} "\\${name}" \'\\${name}\'', 'v ${name} \\${name}\n'],
    ['shell operators', 'echo ${UNSET:-none} ${HOME%/x} ${#HOME} ${1:-no}', 'none /home 7 no\n'],
    ['comments', "echo a # ${nobody} it's\necho b", 'a\nb\n'],
    ['a # inside a word', 'echo a#${name}', 'a#Ada\n'],
    ['here-documents', "cat <<EOF\nit's ${HOME} $${HOME}\nEOF\necho ${name}", "it's /home/x /home/x\nAda\n"],
    ['here-documents with a quoted end', "cat <<-'E'\n\t\\${name}\n\tE\necho ${name}", '\\${name}\nAda\n'],
    ['nested quotes', 'echo "a $(echo "${name} $(echo \')\')" \'"\') b"', 'a Ada ) " b\n'],
    ['case branches', 'case ${name} in A*) echo yes;; *) echo no;; esac', 'yes\n'],
    ['arithmetic', 'echo $((1 << 2)) ${name}', '4 Ada\n'],
  ])('leaves %s to the shell', (_, template, output) => {
    expect(run(template, { name: 'Ada' })).toBe(output);
  });
  it('makes a command line without placeholders once, for all rows', () => {
    const compiled = compileTemplate('command', './ship.sh', NAMES);
    expect(compiled).toEqual({ script: './ship.sh', slots: [] });
  });
  it.each([
    ['node worker.mjs "${speed}"', 'salvor_value_1=${1}; shift 1; exec node worker.mjs "${salvor_value_1}"'],
    ['cd work && ./worker', 'cd work && ./worker'],
    ['while read -r row', 'while read -r row'],
    ['LANG=C ./worker', 'LANG=C ./worker'],
    ['./worker "$(id)"', './worker "$(id)"'],
  ])('becomes the worker when that is one program: %s', (template, script) => {
    expect(compileTemplate('worker', template, { ...NAMES, unit: false }).script).toBe(script);
  });
  it.each([
    [
      'a name nothing stands for',
      'echo ${nmae}',
      'command: ${nmae} is not a parameter, a column or an environment variable (write $${nmae} to leave it to the shell); did you mean name?',
    ],
    [
      'a wrong column',
      'echo ${row.nam}',
      'command: ${row.nam} is not a parameter, a column or an environment variable (write $${row.nam} to leave it to the shell); did you mean row.name?',
    ],
    [
      'an operator on a column',
      'echo ${name:-x}',
      'command: ${name:-x}: shell operators work on variables, and name is a value of the job',
    ],
    [
      'a column that looks like an operator, misspelt',
      'echo ${order-idd}',
      'command: ${order-idd} is not known; did you mean order-id?',
    ],
    ['a quote that is not closed', 'echo "${name}', 'command: a quote or bracket is not closed'],
  ])('refuses %s', (_, template, message) => {
    expect(refusal(template)).toBe(`JOB_FILE_INVALID ${message}`);
  });
  it.each(['cat <<E\n${name}\nE', 'echo `echo ${name}`', 'echo $((${name} + 1))', 'echo ${HOME:-${name}}'])(
    'refuses a value where it cannot stand safely: %s',
    (template) => {
      expect(refusal(template)).toMatch(/^JOB_FILE_INVALID command: \$\{name\} stands in a here-document, backquotes/);
    },
  );
  it('knows no row for a worker', () => {
    const names = { ...NAMES, unit: false };
    expect(refusal('w ${speed} ${HOME}', names)).toBe('accepted');
    expect(refusal('w ${name}', names)).toMatch(
      /^JOB_FILE_INVALID command: \$\{name\} is not a parameter or an environment/,
    );
  });
  it('lets rows of a .jsonl file have more members than the first, and says so when one has not', () => {
    const names = { ...NAMES, moreColumns: true };
    expect(run('echo ${row.extra}', { extra: 'e' }, names)).toBe('e\n');
    expect(() => run('echo ${row.extra}', {}, names)).toThrow('this row has no extra');
  });
  it.each([
    ['a NUL character', 'a\0b', '${name} holds a NUL character, which no command can be given'],
    ['half a surrogate pair', 'a\ud83d', '${name} holds half a surrogate pair, which no command can be given'],
  ])('refuses %s as a value', (_, name, message) => {
    expect(() => run('echo ${name}', { name })).toThrow(message);
  });
});
