import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { findFileKind } from '../../../src/runner/job-file/find-file-kind.ts';
import { parseJobText } from '../../../src/runner/job-file/parse-job-text.ts';
import { parseBatchFile } from '../../../src/runner/kinds/batch/parse-batch-file.ts';
import { parseBatchSpec } from '../../../src/runner/kinds/batch/schema.ts';

const PLACE = { path: 'orders.yaml', directory: '/jobs' };
const MINIMAL = 'kind: batch\nrows: orders.csv\ncommand: ./ship.sh\n';

function parse(written: string, params: Record<string, string> = {}) {
  const text = parseJobText(written, PLACE.path);
  findFileKind(text);
  return parseBatchFile({ ...PLACE, text, params });
}

function refusal(text: string, params: Record<string, string> = {}): string {
  try {
    parse(text, params);
  } catch (error) {
    if (error instanceof RecoveryError) return `${error.code} ${error.message}`;
    throw error;
  }
  return 'accepted';
}

describe('parseBatchFile', () => {
  it('fills in every default', () => {
    expect(parse(MINIMAL)).toEqual({
      kind: 'batch',
      name: 'orders',
      directory: '/jobs',
      rowsPath: '/jobs/orders.csv',
      rowsFormat: 'csv',
      columns: [],
      command: './ship.sh',
      onError: 'halt',
      concurrency: 1,
      retry: { attempts: 1, backoff: 'exponential', initialDelayMs: 1000, maxDelayMs: 30_000, jitter: true },
      writeBack: [],
      env: {},
      params: {},
    });
  });
  it('reads JSON, indented with tabs, with a byte order mark', () => {
    const text = '\ufeff{\n\t"kind": "batch",\n\t"rows": "data/o.jsonl",\n\t"worker": "node w.mjs"\n}\n';
    expect(parse(text)).toMatchObject({ rowsPath: '/jobs/data/o.jsonl', rowsFormat: 'jsonl', worker: 'node w.mjs' });
  });
  it('keeps numbers of env and params as they are written', () => {
    const { env, params } = parse(
      `${MINIMAL}env: {DEPOT: 007}\nparams: {id: 12345678901234567890, on: true, x: '1'}\n`,
    );
    expect({ env, params }).toEqual({
      env: { DEPOT: '007' },
      params: { id: '12345678901234567890', on: 'true', x: '1' },
    });
  });
  it('lets the parameters of a run replace those of the file', () => {
    expect(parse(`${MINIMAL}params: {a: 1, b: 2}\n`, { b: '3' }).params).toEqual({ a: '1', b: '3' });
    expect(parse('kind: batch\nrows: o.csv\ncommand: ./s ${speed}\n', { speed: 'fast' }).params).toEqual({
      speed: 'fast',
    });
  });
  it('follows aliases', () => {
    const text = `${MINIMAL}env: &same {A: x}\nparams: *same\n`;
    expect(parse(text).params).toEqual({ A: 'x' });
  });
  it('gives a specification that survives the store', () => {
    const spec = parse(
      `${MINIMAL}retry: {attempts: 2, on: [timeout]}\nreceipt: {field: t}\nwrite_back: {t: receipt}\ntimeout: 1.5s\n`,
    );
    expect(parseBatchSpec(JSON.stringify(spec))).toEqual(spec);
    expect(spec).toMatchObject({ receipt: { field: 't', label: 't' }, timeoutMs: 1500, retry: { on: ['timeout'] } });
  });
});

describe('parseBatchFile refuses', () => {
  it.each([
    [
      'an unknown key',
      `${MINIMAL}concurency: 2\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: the key concurency is not known; did you mean concurrency?',
    ],
    [
      'an unknown key inside a map',
      `${MINIMAL}retry:\n  attempts: 2\n  dealy: 1s\n`,
      'JOB_FILE_INVALID orders.yaml, line 6: the key retry.dealy is not known',
    ],
    [
      'an unknown key like no other',
      `${MINIMAL}zzz: 2\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: the key zzz is not known',
    ],
    [
      'a wrong type',
      `${MINIMAL}concurrency: many\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: concurrency: found "many", expected a whole number from 1 to 10000',
    ],
    [
      'a number out of range',
      `${MINIMAL}concurrency: 0\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: concurrency: found 0, expected a whole number from 1 to 10000',
    ],
    [
      'a name that is a number',
      `${MINIMAL}name: 2024\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: name: found 2024, expected text',
    ],
    [
      'a duration without a unit',
      `${MINIMAL}timeout: 30\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: timeout: found 30, expected a duration above zero such as 500ms, 2s, 1m or 1h, at most 24 days',
    ],
    [
      'a duration of no length',
      `${MINIMAL}timeout: 0s\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: timeout: found "0s", expected a duration above zero such as 500ms, 2s, 1m or 1h, at most 24 days',
    ],
    [
      'a retry without attempts',
      `${MINIMAL}retry: {jitter: true}\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: retry.attempts is missing, expected a whole number from 1 to 1000',
    ],
    [
      'a wrong value',
      `${MINIMAL}on_error: stop\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: on_error: found "stop", expected halt or continue',
    ],
    [
      'a list for a map',
      `${MINIMAL}env: [A]\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: env: found a list, expected a map of environment variables',
    ],
    [
      'a variable that is no name',
      `${MINIMAL}env: {A-B: x}\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: env.A-B: found "x", expected a name of letters, digits and _',
    ],
    ['an empty value', `${MINIMAL}name:\n`, 'JOB_FILE_INVALID orders.yaml, line 4: name: found nothing, expected text'],
    [
      'rows of another format',
      'kind: batch\nrows: o.xlsx\ncommand: x\n',
      'JOB_FILE_INVALID orders.yaml, line 2: rows: found "o.xlsx", expected the path of a .csv or .jsonl file',
    ],
    [
      'missing rows',
      'kind: batch\ncommand: x\n',
      'JOB_FILE_INVALID orders.yaml, line 1: rows is missing, expected the path of a .csv or .jsonl file',
    ],
    [
      'a duplicate key',
      'kind: batch\nrows: a.csv\nrows: b.csv\n',
      'JOB_FILE_INVALID orders.yaml, line 3: this is not valid YAML: Map keys must be unique',
    ],
    [
      'command and worker',
      `${MINIMAL}worker: w\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: both command and worker are given, expected one of them',
    ],
    [
      'neither command nor worker',
      'kind: batch\nrows: o.csv\n',
      'JOB_FILE_INVALID orders.yaml, line 1: neither command nor worker is given, expected one of them',
    ],
    [
      'a receipt written back that is not declared',
      `${MINIMAL}write_back:\n  t: receipt\n`,
      'JOB_FILE_INVALID orders.yaml, line 5: write_back.t is receipt, but the job declares no receipt',
    ],
    [
      'the key written back',
      `${MINIMAL}key: id\nwrite_back: {id: status}\n`,
      'JOB_FILE_INVALID orders.yaml, line 5: write_back.id is the key and cannot be replaced',
    ],
    [
      'a kind of a later version',
      'kind: workflow\nsteps: []\n',
      'JOB_FILE_INVALID orders.yaml, line 1: kind workflow is not supported by this version of Salvor, which knows batch',
    ],
    [
      'an unknown kind',
      'rows: x\nkind: bach\n',
      'JOB_FILE_INVALID orders.yaml, line 2: kind: found "bach", expected batch',
    ],
    ['no kind', 'rows: x\n', 'JOB_FILE_INVALID orders.yaml, line 1: kind is missing, expected batch'],
    ['an empty file', '', 'JOB_FILE_INVALID orders.yaml, line 1: found no map of keys, expected one with kind'],
    [
      'a name with an escape sequence',
      `${MINIMAL}name: "a\\e[31m"\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: name: found "a\\u001b[31m", expected text on one line without control characters',
    ],
    [
      'a key that is no text',
      `${MINIMAL}1: x\n`,
      'JOB_FILE_INVALID orders.yaml, line 4: found a key that is not text; put it in quotes',
    ],
    ['a merge key', `${MINIMAL}<<: {name: x}\n`, 'JOB_FILE_INVALID orders.yaml, line 4: the key << is not known'],
  ])('%s', (_, text, message) => {
    expect(refusal(text)).toBe(message);
  });
  it('a tag', () => {
    expect(refusal(`${MINIMAL}name: !!js/function x\n`)).toMatch(
      /^JOB_FILE_INVALID orders.yaml, line 4: this is not valid YAML/,
    );
  });
  it('an alias bomb, at once', () => {
    const layers = Array.from(
      { length: 30 },
      (_, i) => `k${i}: &a${i} [${Array(9).fill(i === 0 ? 'x' : `*a${i - 1}`)}]`,
    );
    expect(refusal(`${MINIMAL}${layers.join('\n')}\n`)).toMatch(
      /(its aliases cannot be expanded|more than 100 aliases)/,
    );
  });
  it('a file nested without end', () => {
    expect(refusal(`a: ${'['.repeat(100_000)}`)).toMatch(/^JOB_FILE_INVALID/);
  });
  it('a parameter that is neither declared nor used', () => {
    expect(refusal(`${MINIMAL}params: {speed: 1}\n`, { sped: '2' })).toBe(
      'USAGE_INVALID the parameter sped is not known to orders.yaml; did you mean speed?',
    );
  });
});
