/** What every format of checkpoints answers, whatever stands there. A format's own test calls `describeFormat`. */
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, readFileSync, renameSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type CheckpointFormat, judgePath, type ReadFacts } from '../../../src/core/checkpoint/format.ts';
import type { CheckpointVerdict } from '../../../src/core/checkpoint/schema.ts';
import { hostFiles, makeHostFiles } from '../../../src/platform/files/host-files.ts';
import { type Folder, makeFolder } from '../../helpers/make-folder.ts';

/**
 * A whole checkpoint, small, under a name as its writers give it: one file, or a folder of files. What is cut or changed
 * in a folder is one file of it at a time.
 */
export type Sample = {
  readonly name: string;
  readonly bytes?: Uint8Array;
  readonly files?: Readonly<Record<string, Uint8Array>>;
};

/** Files of others: a text, an image, an archive, a log, zeros. */
const FOREIGN: Readonly<Record<string, Uint8Array | string>> = {
  text: 'Dear reader,\nthis is no checkpoint.\n',
  image: Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex'),
  archive: Buffer.from('504b030414000000080000000000', 'hex'),
  log: '2026-11-21T22:00:00Z step=1 loss=0.5\n',
  zeros: Buffer.alloc(5_000),
};

/** Larger than what a reader may keep of a file. */
const HUGE_BYTES = 256 * 1024 * 1024;
const KEPT_BYTES = 64 * 1024 * 1024;
/** How many cuts and flipped bits are tried of each sample, at most. */
const TRIES = 400;

/** Every fact that holds for a format. */
export function describeFormat<Facts extends ReadFacts>(
  format: CheckpointFormat<Facts>,
  samples: Readonly<Record<string, Sample>>,
): void {
  const judge = async (path: string) => (await judgePath(format, hostFiles, path)).verdict;

  describe.each(Object.entries(samples))(`${format.name}: %s`, (_title, sample) => {
    const parts = listParts(sample);

    test('whole, it is recognised and valid, and nothing of it changes', async () => {
      await using folder = await place(sample);
      const path = folder.at(sample.name);
      const before = parts.map(({ file }) => describeFile(folder.at(file)));
      expect(format.detect(await hostFiles.look(path))).toBe(true);
      const { facts, verdict } = await judgePath(format, hostFiles, path);
      expect(verdict).toMatchObject({ type: 'valid', path, progress: expect.stringMatching(/./) });
      expect(facts).toMatchObject({ path, sizeBytes: parts.reduce((sum, { bytes }) => sum + bytes.length, 0) });
      expect(parts.map(({ file }) => describeFile(folder.at(file)))).toEqual(before);
    });

    test.each(parts)('cut anywhere in $file, it is refused with the place', async ({ file, bytes }) => {
      await using folder = await place(sample);
      for (const sizeBytes of spread(bytes.length).reverse()) {
        truncateSync(folder.at(file), sizeBytes);
        expectRefusal(await judge(folder.at(sample.name)), `${sizeBytes} bytes`);
      }
    });

    test.each(parts)('with any one bit of $file changed, it is refused or not said to be proved', async (part) => {
      await using folder = await place(sample);
      for (const bit of spread(part.bytes.length * 8)) {
        const flipped = Buffer.from(part.bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await folder.write(part.file, flipped);
        const verdict = await judge(folder.at(sample.name));
        expect(readFileSync(folder.at(part.file))).toEqual(flipped);
        if (verdict.type === 'rejected') expectRefusal(verdict, `bit ${bit}`);
        else expect(verdict.proved, `bit ${bit}`).not.toContain('digest');
      }
    });

    test.each(parts)(
      'half of $file before 256 MiB of nothing is refused, in little memory',
      async ({ file, bytes }) => {
        await using folder = await place(sample);
        await folder.write(file, bytes.subarray(0, bytes.length >> 1));
        truncateSync(folder.at(file), HUGE_BYTES);
        const before = process.memoryUsage();
        expectRefusal(await judge(folder.at(sample.name)), 'huge');
        const after = process.memoryUsage();
        expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(KEPT_BYTES);
      },
    );

    test.each(parts)(
      'with a link for $file, it is what the link leads to, or refused where links are',
      async (part) => {
        await using folder = await place(sample);
        renameSync(folder.at(part.file), folder.at('elsewhere'));
        symlinkSync(folder.at('elsewhere'), folder.at(part.file));
        expect(await judge(folder.at(sample.name))).toMatchObject({ type: 'valid' });
        const refusing = await judgePath(format, makeHostFiles('refused'), folder.at(sample.name));
        expect(refusing.verdict).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
      },
    );

    test('written to while it is read, it is not valid', async () => {
      await using folder = await place(sample);
      const { verdict } = await judgePath(format, GROWING_FILES, folder.at(sample.name));
      expect(verdict).toMatchObject({ type: 'rejected', code: 'CHECKPOINT_UNREADABLE' });
    });
  });

  describe(format.name, () => {
    test.each(Object.entries(FOREIGN))('a foreign file is refused: %s', async (_title, content) => {
      await using folder = await makeFolder({ foreign: content });
      expect(format.detect(await hostFiles.look(folder.at('foreign')))).toBe(false);
      expectRefusal(await judge(folder.at('foreign')), 'foreign');
    });

    test('an empty file is refused, and an empty folder', async () => {
      await using folder = await makeFolder({ empty: '' });
      expectRefusal(await judge(folder.at('empty')), 'empty');
      mkdirSync(folder.at('nothing'));
      expect(await judge(folder.at('nothing'))).toMatchObject({ type: 'rejected' });
    });

    test('what is no file is never waited for: a FIFO, a device, links that lead nowhere, nothing at all', async () => {
      await using folder = await makeFolder();
      execFileSync('mkfifo', [folder.at('fifo')]);
      symlinkSync(folder.at('nowhere'), folder.at('dangling'));
      symlinkSync(folder.at('loop'), folder.at('loop'));
      for (const path of [folder.at('fifo'), '/dev/zero', folder.at('dangling'), folder.at('loop')]) {
        expect(format.detect(await hostFiles.look(path)), path).toBe(false);
        expect(await judge(path), path).toMatchObject({ type: 'rejected', code: 'CHECKPOINT_UNREADABLE' });
      }
      expect(await judge(folder.at('none'))).toMatchObject({ type: 'rejected', code: 'CHECKPOINT_MISSING' });
    });
  });
}

/** The files of a sample, each with its name in the folder it is placed in. */
function listParts({
  name,
  bytes,
  files = {},
}: Sample): readonly { readonly file: string; readonly bytes: Uint8Array }[] {
  if (bytes) return [{ file: name, bytes }];
  return Object.entries(files).map(([part, content]) => ({ file: `${name}/${part}`, bytes: content }));
}

async function place(sample: Sample): Promise<Folder> {
  const folder = await makeFolder();
  if (sample.files) mkdirSync(folder.at(sample.name));
  for (const { file, bytes } of listParts(sample)) await folder.write(file, bytes);
  return folder;
}

/** Files that somebody appends to as soon as they are open. */
const GROWING_FILES: typeof hostFiles = {
  ...hostFiles,
  async open(path) {
    const opened = await hostFiles.open(path);
    if (opened.type === 'open') appendFileSync(path, ' ');
    return opened;
  },
};

/** A refusal says which file, where in it, and why. */
function expectRefusal(verdict: CheckpointVerdict, what: string): void {
  expect(verdict, what).toMatchObject({
    type: 'rejected',
    path: expect.stringMatching(/./),
    message: expect.stringMatching(/./),
    expected: expect.any(String),
    found: expect.any(String),
  });
  expect('offset' in verdict || 'field' in verdict, what).toBe(true);
}

function describeFile(path: string): unknown {
  const { mtimeNs, ctimeNs, size, mode } = statSync(path, { bigint: true });
  return { mtimeNs, ctimeNs, size, mode, bytes: readFileSync(path, 'latin1') };
}

/** Numbers below a limit, all of them or as many as are tried. */
function spread(limit: number): number[] {
  const step = Math.max(1, Math.ceil(limit / TRIES));
  return Array.from({ length: Math.ceil(limit / step) }, (_item, index) => index * step);
}
