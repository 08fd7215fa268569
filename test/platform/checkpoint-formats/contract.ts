/** What every format of checkpoints answers, whatever stands there. A format's own test calls `describeFormat`. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, symlinkSync, truncateSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { type CheckpointFormat, judgePath, type ReadFacts } from '../../../src/core/checkpoint/format.ts';
import type { CheckpointVerdict } from '../../../src/core/checkpoint/schema.ts';
import { hostFiles, makeHostFiles } from '../../../src/platform/files/host-files.ts';
import { type Folder, makeFolder } from '../../helpers/make-folder.ts';

/** A whole checkpoint of one file, small, under a name as its writers give it. */
export type Sample = { readonly name: string; readonly bytes: Uint8Array };

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

  describe.each(Object.entries(samples))(`${format.name}: %s`, (_title, { name, bytes }) => {
    test('whole, it is recognised and valid, and nothing of it changes', async () => {
      await using folder = await makeFolder({ [name]: bytes });
      const before = describeFile(folder.at(name));
      expect(format.detect(await hostFiles.look(folder.at(name)))).toBe(true);
      const { facts, verdict } = await judgePath(format, hostFiles, folder.at(name));
      expect(verdict).toMatchObject({ type: 'valid', path: folder.at(name), progress: expect.stringMatching(/./) });
      expect(facts).toMatchObject({ path: folder.at(name), sizeBytes: bytes.length });
      expect(describeFile(folder.at(name))).toEqual(before);
    });

    test('cut anywhere, it is refused with the place', async () => {
      await using folder = await makeFolder({ [name]: bytes });
      for (const sizeBytes of spread(bytes.length).reverse()) {
        truncateSync(folder.at(name), sizeBytes);
        expectRefusal(await judge(folder.at(name)), `${sizeBytes} bytes`);
      }
    });

    test('with any one bit changed, it is refused or not said to be proved, and nothing of it changes', async () => {
      await using folder = await makeFolder();
      for (const bit of spread(bytes.length * 8)) {
        const flipped = Buffer.from(bytes);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        await folder.write(name, flipped);
        const verdict = await judge(folder.at(name));
        expect(readFileSync(folder.at(name))).toEqual(flipped);
        if (verdict.type === 'rejected') expectRefusal(verdict, `bit ${bit}`);
        else expect(verdict.proved, `bit ${bit}`).not.toContain('digest');
      }
    });

    test('half of it before 256 MiB of nothing is refused, in memory that does not grow with it', async () => {
      await using folder = await makeFolder({ [name]: bytes.subarray(0, bytes.length >> 1) });
      truncateSync(folder.at(name), HUGE_BYTES);
      const before = process.memoryUsage();
      expectRefusal(await judge(folder.at(name)), 'huge');
      const after = process.memoryUsage();
      expect(after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers).toBeLessThan(KEPT_BYTES);
    });

    test('behind a link, it is what the link leads to, or refused where links are', async () => {
      await using folder = await makeFolder({ [name]: bytes });
      mkdirSync(folder.at('links'));
      symlinkSync(folder.at(name), folder.at(`links/${name}`));
      expect(await judge(folder.at(`links/${name}`))).toMatchObject({ type: 'valid' });
      const refusing = await judgePath(format, makeHostFiles('refused'), folder.at(`links/${name}`));
      expect(refusing.verdict).toMatchObject({ code: 'CHECKPOINT_UNREADABLE' });
    });
  });

  describe(format.name, () => {
    test.each(Object.entries(FOREIGN))('a foreign file is refused: %s', async (_title, content) => {
      await using folder = await makeFolder({ foreign: content });
      expect(format.detect(await hostFiles.look(folder.at('foreign')))).toBe(false);
      expectRefusal(await judge(folder.at('foreign')), 'foreign');
    });

    test('an empty file is refused', async () => {
      await using folder = await makeFolder({ empty: '' });
      expectRefusal(await judge(folder.at('empty')), 'empty');
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

    test('a file that grows or is written to while it is read is not valid', async () => {
      const { name, bytes } = Object.values(samples)[0] ?? { name: '', bytes: new Uint8Array(0) };
      await using folder = await makeFolder({ [name]: bytes });
      const { verdict } = await judgePath(format, growing(folder, name), folder.at(name));
      expect(verdict).toMatchObject({ type: 'rejected', code: 'CHECKPOINT_UNREADABLE' });
    });
  });
}

/** Files that somebody appends to as soon as they are open. */
function growing(folder: Folder, name: string): typeof hostFiles {
  return {
    ...hostFiles,
    async open(path) {
      const opened = await hostFiles.open(path);
      await folder.write(name, Buffer.concat([readFileSync(path), Buffer.from(' ')]));
      return opened;
    },
  };
}

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
