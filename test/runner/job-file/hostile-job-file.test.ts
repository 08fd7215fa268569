import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../../src/runner/command/compile-template.ts';
import { parseJobFile } from '../../../src/runner/job-file/parse-job-file.ts';

const HEAD = 'kind: batch\nrows: rows.csv\ncommand: echo\n';
const NAMES = {
  params: new Set<string>(),
  columns: new Set<string>(),
  moreColumns: false,
  unit: true,
  isVariable: () => true,
};

const parse = (text: string) => parseJobFile(text, { path: 'job.yaml', directory: '/d' }, {});
const lines = (count: number, format: (index: number) => string) =>
  Array.from({ length: count }, (_, index) => `  ${format(index)}\n`).join('');

describe('a hostile job file', () => {
  it('is read in time that grows with its size: 20,000 parameters, each with the text it was written with', () => {
    const { params } = parse(`${HEAD}params:\n${lines(20_000, (index) => `p${index}: 0${index}.0`)}`);
    expect([Object.keys(params).length, params['p19999']]).toEqual([20_000, '019999.0']);
  });
  it.each([
    ['aliases', `${HEAD}params:\n  a: &x 1\n${lines(5_000, (index) => `p${index}: *x`)}`, 'more than 100 aliases'],
    ['a key twice', `${HEAD}params:\n  a: 1\n  a: 2\n`, 'line 6: this is not valid YAML: Map keys must be unique'],
  ])('is refused by name: %s', (_, text, message) => {
    expect(() => parse(text)).toThrow(message);
  });
  it.each([
    ['a command line too long to be started', 'x'.repeat(100_001), 'found 100001 characters'],
    ['expansions in expansions', '${x:-'.repeat(10_000), 'nested more than 100 deep'],
    ['brackets in brackets', '$('.repeat(200), 'nested more than 100 deep'],
  ])('is refused by name: %s', (_, command, message) => {
    expect(() => compileTemplate('command', command, NAMES)).toThrow(message);
  });
  it('may have as much as a shell takes: a here-document full of brackets that open', () => {
    const { script } = compileTemplate('command', `cat <<A\n${'${'.repeat(40_000)}\nA\n`, NAMES);
    expect(script).toContain(`<<A\n${'${'.repeat(40_000)}\nA`);
  });
});
