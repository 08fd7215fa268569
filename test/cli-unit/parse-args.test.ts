import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COMMAND_FLAGS, COMMANDS, type Flag, GLOBAL_FLAGS } from '../../src/cli/flags.ts';
import { parseArgs } from '../../src/cli/parse-args.ts';
import { RecoveryError } from '../../src/core/errors.ts';

const FLAGS: Readonly<Record<string, Flag>> = { ...GLOBAL_FLAGS, ...COMMAND_FLAGS };

/** What is understood of a command line, or what is said against it. */
function parse(line: string) {
  try {
    const { command, positionals, texts, lists, switches } = parseArgs(line === '' ? [] : line.split(' '));
    return { command, positionals, texts, lists, switches: [...switches] };
  } catch (error) {
    if (error instanceof RecoveryError && error.code === 'USAGE_INVALID') return error.message;
    throw error;
  }
}
const NOTHING = { positionals: [], texts: {}, lists: {}, switches: [] };

describe('parseArgs', () => {
  it.each([
    ['', { command: 'console' }],
    ['state', { command: 'console', positionals: ['state'] }],
    ['list', { command: 'list' }],
    ['list a b', { command: 'list', positionals: ['a', 'b'] }],
    ['a list', { command: 'console', positionals: ['a', 'list'] }],
    ['--choice resume', { command: 'choose', texts: { choice: 'resume' } }],
    ['--choice=resume dir', { command: 'choose', texts: { choice: 'resume' }, positionals: ['dir'] }],
    ['--choice resume --job a --job=b', { command: 'choose', texts: { choice: 'resume' }, lists: { job: ['a', 'b'] } }],
    ['list --json --all', { command: 'list', switches: ['json', 'all'] }],
    ['-h', { command: 'console', switches: ['help'] }],
    ['-v', { command: 'console', switches: ['version'] }],
    ['show --help', { command: 'show', switches: ['help'] }],
    ['list -- --state', { command: 'list', positionals: ['--state'] }],
    ['--state a=b', { command: 'console', texts: { state: 'a=b' } }],
    ['--state=a=b', { command: 'console', texts: { state: 'a=b' } }],
    [
      'run job.yaml --param a=1 --param b=2',
      { command: 'run', positionals: ['job.yaml'], lists: { param: ['a=1', 'b=2'] } },
    ],
    ['list -- --json -', { command: 'list', positionals: ['--json', '-'] }],
    ['constructor __proto__', { command: 'console', positionals: ['constructor', '__proto__'] }],
    ['list -', { command: 'list', positionals: ['-'] }],
    [
      'settle a 1 --as done --reason --receipt',
      { command: 'settle', positionals: ['a', '1'], texts: { as: 'done', reason: '--receipt' } },
    ],
  ])('salvor %s', (line, expected) => {
    expect(parse(line)).toEqual({ ...NOTHING, ...expected });
  });

  it.each([
    ['--choise resume', 'unknown flag --choise; did you mean --choice?'],
    ['--dryrun', 'unknown flag --dryrun; did you mean --dry-run?'],
    ['--xyzzy=1', 'unknown flag --xyzzy'],
    ['-j', 'unknown flag -j'],
    ['-job a', 'unknown flag -job; did you mean --job?'],
    ['--__proto__ a', 'unknown flag --__proto__'],
    ['--constructor', 'unknown flag --constructor'],
    ['--choice', '--choice needs a value: CHOICE'],
    ['--json=yes', "--json takes no value, found 'yes'"],
    ['--choice resum', '--choice resum: did you mean resume?'],
    ['--choice destroy', '--choice destroy: it is one of resume, restart, stop, cancel, review'],
    ['list --verdict dead', '--verdict dead: it is one of'],
    ['list --state=', '--state is empty: it needs DIR'],
    ['list --policy=', '--policy is empty: it needs FILE'],
    ['-h --help', '--help stands twice'],
    ['-v -v', '--version stands twice'],
    ['list --yes', '--yes does not go with salvor list'],
    ['--yes', '--yes does not go with the console'],
    ['--choice resume --param a=1', '--param does not go with --choice'],
    ['--choice resume list', '--choice does not go with salvor list'],
    ['show', 'usage: salvor show JOB [TARGET...]'],
    ['settle', 'usage: salvor settle JOB (KEY'],
    ['run a b', 'usage: salvor run FILE'],
    ['doctor here', 'usage: salvor doctor'],
  ])('USAGE_INVALID: salvor %s', (line, message) => {
    expect(parse(line)).toEqual(expect.stringContaining(message));
  });

  /** Each command with each of its flags, in words that are right but for what is tried. */
  const USES = Object.entries(COMMANDS).flatMap(
    ([
      name,
      {
        flags,
        arguments: [least],
      },
    ]) => {
      const words = name === 'console' || name === 'choose' ? [] : [name, ...Array<string>(least).fill('x')];
      return [...Object.keys(GLOBAL_FLAGS), ...flags].map((flag) => ({ name, flag, words }));
    },
  );

  it.each(USES)('$name: --$flag stands once, or as often as one likes when it repeats', ({ flag, words }) => {
    const { value, values, repeats } = FLAGS[flag] ?? { help: '' };
    const [one = 'a', other = 'b'] = values ?? [];
    const choice = words.length === 0 && flag !== 'choice' && Object.hasOwn(COMMAND_FLAGS, flag);
    const base = choice && flag !== 'exec' ? ['--choice', 'resume'] : [];
    const twice =
      value === undefined
        ? [[`--${flag}`, ...words, `--${flag}`]]
        : [
            [...words, `--${flag}`, one, `--${flag}`, other],
            [`--${flag}=${one}`, ...words, `--${flag}`, one],
            [...words, `--${flag}`, one, `--${flag}=${other}`, '--'],
          ];
    for (const line of twice) {
      const answer = parse([...base, ...line].join(' '));
      if (repeats) expect(answer).toMatchObject({ lists: { [flag]: expect.arrayContaining([one]) } });
      else expect(answer).toEqual(expect.stringContaining(`--${flag} stands twice`));
    }
    const once = parse(
      [...base, ...words, `--${flag}`, ...(value === undefined ? [] : [one]), '--', `--${flag}`].join(' '),
    );
    expect(once).not.toEqual(expect.stringContaining('stands twice'));
  });

  it.each(Object.entries(FLAGS).flatMap(([flag, { value }]) => (value === undefined ? [] : [flag])))(
    'USAGE_INVALID: --%s without anything in it',
    (flag) => {
      const { name = '', words = [] } = USES.find((use) => use.flag === flag && use.name !== 'console') ?? {};
      const base = name === 'choose' && flag !== 'choice' ? ['--choice', 'resume'] : [];
      expect(() => parseArgs([...base, ...words, `--${flag}=`])).toThrow(`--${flag} is empty`);
    },
  );

  it.each(['settle', 'show', 'units', 'write-back', 'audit', 'report', 'list', 'run', 'repair', 'status', 'demo'])(
    'USAGE_INVALID: salvor %s with an argument of nothing, or of blanks',
    (command) => {
      for (const word of ['', ' ']) {
        expect(() => parseArgs([command, word])).toThrow(`argument 1 of salvor ${command} is empty`);
        expect(() => parseArgs([word, '--choice', 'cancel'])).toThrow('argument 1 of --choice is empty');
      }
      expect(() => parseArgs([''])).toThrow('argument 1 of the console is empty');
    },
  );

  it('names both values of a flag that stands twice', () => {
    expect(parse('--choice resume --choice pause')).toBe("--choice stands twice, with 'resume' and with 'pause'");
    expect(parse('--choice=resume --choice resume')).toBe("--choice stands twice, with 'resume' and with 'resume'");
  });

  it('shows help whatever else is wrong with what was asked', () => {
    expect(parse('show --help --yes')).toMatchObject({ command: 'show', switches: ['help', 'yes'] });
  });

  it('throws nothing but USAGE_INVALID, whatever it is given', () => {
    const word = fc.oneof(
      fc.constantFrom(...Object.keys(FLAGS).map((name) => `--${name}`), ...Object.keys(COMMANDS), '--', '-', '-h'),
      fc.constantFrom(...Object.values(FLAGS).flatMap((flag) => flag.values ?? [])),
      fc.constantFrom('__proto__', '--__proto__=x', 'constructor', '--toString', '--=', '---', '--json=', '--job='),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(word, { maxLength: 8 }), (words) => {
        try {
          const asked = parseArgs(words);
          expect(Object.hasOwn(COMMANDS, asked.command)).toBe(true);
          for (const name of [...Object.keys(asked.texts), ...Object.keys(asked.lists), ...asked.switches])
            expect(Object.hasOwn(FLAGS, name)).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RecoveryError);
          expect(error).toMatchObject({ code: 'USAGE_INVALID' });
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('the table of flags', () => {
  it('has every flag a command takes, and no name twice', () => {
    for (const [name, command] of Object.entries(COMMANDS)) {
      const { flags } = command;
      expect(new Set(flags).size, name).toBe(flags.length);
      for (const flag of flags) expect(Object.hasOwn(COMMAND_FLAGS, flag), `${name} --${flag}`).toBe(true);
    }
    expect(Object.keys(GLOBAL_FLAGS).filter((name) => Object.hasOwn(COMMAND_FLAGS, name))).toEqual([]);
  });

  it('has no flag that no command takes', () => {
    const taken = new Set<string>(Object.values(COMMANDS).flatMap(({ flags }): readonly string[] => flags));
    expect(Object.keys(COMMAND_FLAGS).filter((name) => !taken.has(name))).toEqual([]);
  });
});
