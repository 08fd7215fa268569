import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../../src/runner/command/compile-template.ts';
import { findFileKind } from '../../../src/runner/job-file/find-file-kind.ts';
import { parseJobText } from '../../../src/runner/job-file/parse-job-text.ts';
import { parseBatchFile } from '../../../src/runner/kinds/batch/parse-batch-file.ts';

const HEAD = 'kind: batch\nrows: rows.csv\ncommand: echo\n';
const NAMES = {
  params: new Set<string>(),
  columns: new Set<string>(),
  moreColumns: false,
  unit: true,
  isVariable: () => true,
};

function parse(written: string) {
  const text = parseJobText(written, 'job.yaml');
  findFileKind(text);
  return parseBatchFile({ text, path: 'job.yaml', directory: '/d', params: {} });
}
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
    ['lists in brackets', '['],
    ['maps in brackets', '{a: '],
    ['lists by dashes', '- '],
    ['keys by question marks', '? '],
    ['both kinds in turn', '- ? '],
  ])('is refused by a limit of nesting, before it is parsed, in time that grows with it: %s', (_, opening) => {
    const text = `${HEAD}params:\n  a: 1\n  b:\n    ${opening.repeat(100_000)}`;
    const startedMs = performance.now();
    expect(() => parse(text)).toThrow('job.yaml, line 7: found lists and maps nested more than 100 deep');
    // Parsing it took seconds, as far as the stack goes.
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });
  it('is refused by a limit of nesting where the levels are made by indentation', () => {
    const levels = (count: number) => Array.from({ length: count }, (_, index) => `${' '.repeat(index)}a:\n`).join('');
    expect(() => parse(levels(101))).toThrow('job.yaml, line 101: found lists and maps nested more than 100 deep');
    expect(() => parse(levels(100))).toThrow('kind is missing');
  });
  it.each([
    ['quotes', `"${'['.repeat(5_000)}"`],
    ['a comment', `x # ${'[{'.repeat(5_000)}`],
    ['quotes over lines', `'${'[\n     '.repeat(5_000)}'`],
    ['a block of text', `|\n${'    - - [\n'.repeat(5_000)}`],
    ['a block of text that is one bracket', '|\n    ['],
    ['plain text', `x${' - ? ['.repeat(5_000)}`],
  ])('may hold brackets that nest nothing: in %s', (_, value) => {
    const { params } = parse(`${HEAD}params:\n  a: ${value}\n`);
    expect(params['a']).not.toBe('');
  });
  it('may have any number of lists and maps beside each other', () => {
    const wide = lines(1_000, (index) => `- [[a]]: {b: [${index}]}\n    ? c\n    : d`);
    expect(() => parse(`${HEAD}params:\n${wide}`)).toThrow('found a key that is not text');
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
