import { expect, test } from 'vitest';
import { FORMATS, inspectAny, registerFormat } from '../../../../src/platform/checkpoints/formats.ts';
import { hostFiles } from '../../../../src/platform/files/host-files.ts';
import { makeFolder } from '../../../helpers/make-folder.ts';
import { describeFormat } from '../contract.ts';
import { toyFormat } from './toy-format.ts';

const WHOLE = Buffer.from(`TOY1 12 100\n${'w'.repeat(100)}`);

describeFormat(toyFormat, { 'a whole one': { name: 'weights.toy', bytes: WHOLE } });

test('inspectAny: a format is known by one line of the registry', async () => {
  await using folder = await makeFolder({ 'weights.toy': WHOLE, 'policy-checkpoint.json': '{}' });
  const formats = [registerFormat(toyFormat), ...FORMATS];
  expect(await inspectAny(hostFiles, folder.at('weights.toy'), formats)).toMatchObject({
    format: 'toy',
    verdict: { type: 'valid', head: { globalStep: 12n } },
  });
  expect(await inspectAny(hostFiles, folder.at('policy-checkpoint.json'), formats)).toMatchObject({
    format: 'policy-json',
  });
  expect(await inspectAny(hostFiles, folder.at('weights.toy'))).toMatchObject({ format: 'policy-json' });
});
