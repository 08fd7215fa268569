import { describe, expect, it } from 'vitest';
import { readJsonFile } from '../../../src/sources/tau/read-json-file.ts';
import { RECOVERY_REPORT, TRAINING_STATUS } from '../../../src/sources/tau/schema.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

const STATUS = {
  schema_version: '1',
  updated_unix_ms: '5',
  run_state: '"completed"',
  model_ref: '"m"',
  store_path: '"s"',
  ...{ total_rollouts: '1', succeeded: '1', failed: '0', cancelled: '0' },
};
const REPORT = {
  schema_version: '1',
  recovered_at_unix_ms: '5',
  principal: '"p"',
  crash_detected: 'true',
  prior_lifecycle_state: '"running"',
  replayed_audit_events: '0',
  replayed_actions: '[]',
  diagnostics: '["a"]',
};
const U64 = 'a whole number from 0 to 18446744073709551615';

type Fields = Readonly<Record<string, string>>;

async function read(fields: Fields, rules = TRAINING_STATUS) {
  const members = Object.entries(fields).map(([name, value]) => `${JSON.stringify(name)}: ${value}`);
  await using folder = await makeFolder({ 'file.json': `{${members.join(', ')}}` });
  // Awaited here: the folder goes at the end of the scope.
  return await readJsonFile(folder.at('file.json'), rules);
}

describe('readJsonFile', () => {
  it.each(['0', '1', '9007199254740992', '9007199254740993', '18446744073709551615'])(
    'takes %s for a whole number, and keeps it as it stands',
    async (updated_unix_ms) => {
      const file = await read({ ...STATUS, updated_unix_ms });
      expect(file.state).toBe('valid');
      expect('value' in file && JSON.stringify(file.value['updated_unix_ms'])).toBe(updated_unix_ms);
    },
  );

  it.each(['-1', '-0', '1.0', '1e3', '0.5', '18446744073709551616', '"1"', 'null', '[]', '{}', 'true'])(
    'refuses %s for a whole number, with what was found',
    async (updated_unix_ms) => {
      const shown = { '[]': 'an array', '{}': 'an object' }[updated_unix_ms] ?? updated_unix_ms;
      expect(await read({ ...STATUS, updated_unix_ms })).toMatchObject({
        state: 'invalid',
        problem: {
          message: `field 'updated_unix_ms' must be ${U64}, and it is ${shown}`,
          field: 'updated_unix_ms',
          expected: U64,
          found: shown,
          offset: 41,
        },
      });
    },
  );

  it.each([
    ['2', 'unsupported training status schema version 2 (expected 1)', '1'],
    ['18446744073709551616', 'unsupported training status schema version 18446744073709551616 (expected 1)', '1'],
    ['1.0', "field 'schema_version' must be the number 1, and it is 1.0", 'the number 1'],
    ['"1"', `field 'schema_version' must be the number 1, and it is "1"`, 'the number 1'],
  ])('a version %s is said as such', async (schema_version, message, expected) => {
    expect(await read({ ...STATUS, schema_version })).toMatchObject({ problem: { message, expected } });
  });

  it.each([
    ['run_state', '5', 'a string'],
    ['rl_optimizer', '[1]', 'an object or null'],
    ['rl_optimizer', '1.0', 'an object or null'],
  ])('%s cannot be %s', async (field, value, expected) => {
    expect(await read({ ...STATUS, [field]: value })).toMatchObject({ problem: { field, expected } });
  });

  it.each([
    ['crash_detected', '1', 'true or false'],
    ['replayed_actions', '["a", 1]', 'a list of strings'],
    ['checkpoint_source', 'false', 'a string or null'],
    ['checkpoint_global_step', '-1', `${U64}, or null`],
  ])('%s of a report cannot be %s', async (field, value, expected) => {
    expect(await read({ ...REPORT, [field]: value }, RECOVERY_REPORT)).toMatchObject({ problem: { field, expected } });
  });

  it('tells the first field of the format that is wrong, one that is missing as such; what may be null may be absent', async () => {
    expect(await read({ cancelled: '"x"', schema_version: '1' })).toMatchObject({
      problem: { message: "missing field 'updated_unix_ms'", expected: U64, found: 'no such field' },
    });
    expect(await read({ ...REPORT, checkpoint_run_id: 'null', toString: '1' }, RECOVERY_REPORT)).toMatchObject({
      state: 'valid',
    });
  });
});
