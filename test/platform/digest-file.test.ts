import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { digestFile } from '../../src/platform/digest-file.ts';
import { makeFolder } from '../helpers/make-folder.ts';

describe('digestFile', () => {
  it.each([0, 1, 3 * 1024 * 1024 + 17])('digests a file of %i bytes', async (sizeBytes) => {
    const content = Buffer.alloc(sizeBytes, 'salvor');
    await using folder = await makeFolder({ file: content });
    const sha256 = createHash('sha256').update(content).digest('hex');
    expect(await digestFile(folder.at('file'))).toEqual({ sha256, sizeBytes });
  });
});
