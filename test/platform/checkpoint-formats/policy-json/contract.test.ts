import { readFileSync } from 'node:fs';
import path from 'node:path';
import { policyJson } from '../../../../src/platform/checkpoint-formats/policy-json/policy-json.ts';
import { describeFormat } from '../contract.ts';

const FIXTURES = path.join(import.meta.dirname, '../../../../fixtures/tau/policy');
const sample = (name: string) => ({ name, bytes: readFileSync(path.join(FIXTURES, name)) });

describeFormat(policyJson, {
  'with a digest': sample('proven.json'),
  'without one': sample('policy-checkpoint.json'),
});
