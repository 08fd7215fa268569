import { describe, expect, it } from 'vitest';
import { COMMAND_FLAGS, COMMANDS, type Command, type CommandName } from '../../src/cli/flags.ts';
import { formatHelp } from '../../src/cli/help.ts';
import { formatTable, type Output, tellError } from '../../src/cli/output.ts';
import { HINTS, RecoveryError } from '../../src/core/errors.ts';

/** An output that keeps what is said, and where. */
function makeRecorder(json: boolean): Output & { readonly said: unknown[] } {
  const said: unknown[] = [];
  const push = (where: string) => (value: unknown) => void said.push([where, value]);
  return { json, said, print: push('answer'), printJson: push('json'), note: push('beside'), write: () => true };
}

describe('tellError', () => {
  it('says for people what is true and what to do next, beside the answer', () => {
    const output = makeRecorder(false);
    expect(tellError(output, new RecoveryError('LEASE_HELD', 'held by \u001b[2Joperator'))).toBe(6);
    expect(output.said).toEqual([
      ['beside', 'salvor: held by operator'],
      ['beside', HINTS.LEASE_HELD],
    ]);
  });

  it('says for scripts code, message, hint and details, as the answer', () => {
    const output = makeRecorder(true);
    expect(tellError(output, new RecoveryError('UNIT_NOT_OPEN', 'row 1 is done', { details: { unit: 1 } }))).toBe(3);
    expect(output.said).toEqual([
      [
        'json',
        { error: { code: 'UNIT_NOT_OPEN', message: 'row 1 is done', hint: HINTS.UNIT_NOT_OPEN, details: { unit: 1 } } },
      ],
    ]);
  });

  it('tells a bug with its place', () => {
    const output = makeRecorder(false);
    expect(tellError(output, new TypeError('x is undefined'))).toBe(1);
    expect(output.said).toHaveLength(3);
    expect(JSON.stringify(output.said)).toContain('output.test.ts');
  });
});

describe('formatTable', () => {
  it('makes columns as wide as their widest cell, without spaces at the end', () => {
    expect(
      formatTable([
        ['ID', 'NAME', 'ERROR'],
        ['b1', 'California', '-'],
        ['b22222', '', ''],
      ]),
    ).toEqual(['ID      NAME        ERROR', 'b1      California  -', 'b22222']);
    expect(formatTable([])).toEqual([]);
  });
});

describe('formatHelp', () => {
  it('names every command for the console, and the flags of one for each', () => {
    const all = formatHelp('console', '1.2.3');
    expect(all.startsWith('salvor 1.2.3: ')).toBe(true);
    for (const [name, command] of Object.entries<Command>(COMMANDS)) {
      expect(all).toContain(`  salvor ${command.usage}\n`);
      const own = formatHelp(name as CommandName, '1.2.3');
      for (const flag of Object.keys(COMMAND_FLAGS)) {
        if (name === 'console') continue;
        expect(own.includes(`  --${flag} `), `${name} --${flag}`).toBe(
          (command.flags as readonly string[]).includes(flag),
        );
      }
    }
  });
});
