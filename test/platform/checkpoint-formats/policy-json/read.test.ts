import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, symlinkSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { judgePath } from '../../../../src/core/checkpoint/format.ts';
import type { CheckpointVerdict } from '../../../../src/core/checkpoint/schema.ts';
import { judge } from '../../../../src/platform/checkpoint-formats/policy-json/judge.ts';
import { makeReader } from '../../../../src/platform/checkpoint-formats/policy-json/make-reader.ts';
import { policyJson } from '../../../../src/platform/checkpoint-formats/policy-json/policy-json.ts';
import { read } from '../../../../src/platform/checkpoint-formats/policy-json/read.ts';
import { hostFiles } from '../../../../src/platform/files/host-files.ts';
import { openRegularFile } from '../../../../src/platform/files/open-regular-file.ts';
import { makeFolder } from '../../../helpers/make-folder.ts';
import { withoutRights } from '../../../helpers/other-user.ts';

const FIXTURES = path.join(import.meta.dirname, '../../../../fixtures/tau/policy');
const PROVEN = readFileSync(path.join(FIXTURES, 'proven.json'));
const PLAIN = readFileSync(path.join(FIXTURES, 'policy-checkpoint.json'));

function judgeBytes(bytes: Uint8Array): CheckpointVerdict {
  const reader = makeReader();
  reader.push(bytes);
  return judge(reader.end('file'));
}

const readPolicy = (path: string) => judgePath(policyJson, hostFiles, path);

/** A refusal names file, place and reason. */
function expectRefusal(verdict: CheckpointVerdict, what: string): void {
  expect(verdict, what).toMatchObject({ type: 'rejected', message: expect.stringMatching(/./) });
  expect('offset' in verdict || 'field' in verdict, what).toBe(true);
}

test.each([
  ['policy-checkpoint.json', { proven: false, head: { runId: 'run-77', globalStep: 900n } }],
  ['policy-checkpoint.rollback.json', { proven: false, head: { globalStep: 800n } }],
  ['exact-numbers.json', { proven: false, head: { globalStep: 18446744073709551615n, optimizerStep: 0n } }],
  ['proven.json', { proven: true, head: { globalStep: 900n } }],
])('policyJson: the fixture %s is valid', async (name, expected) => {
  expect((await readPolicy(path.join(FIXTURES, name))).verdict).toMatchObject({ type: 'valid', ...expected });
});

test('policyJson: the fixture unsupported-version.json says what is found and what is supported', async () => {
  expect((await readPolicy(path.join(FIXTURES, 'unsupported-version.json'))).verdict).toMatchObject({
    code: 'CHECKPOINT_VERSION_UNSUPPORTED',
    message: 'unsupported checkpoint_version 2 (supported: 1)',
  });
});

test('policyJson: a field is found whose name the end of a mebibyte cuts', async () => {
  await using folder = await makeFolder();
  const start = '{"checkpoint_version":1,"run_id":"b","policy_state":{"w":"';
  const rest = `"},"global_step":1,"optimizer_step":1,"saved_at_unix_seconds":1,"z":"${'z'.repeat(2 ** 21)}"}`;
  for (let behind = 1; behind <= '"optimizer_state'.length; behind++) {
    const padding = 'w'.repeat(2 ** 20 - start.length - '"},'.length - behind);
    const file = await folder.write('cut.json', `${start}${padding}"},"optimizer_state":{"w":"${rest}`);
    expect((await readPolicy(file)).verdict, `${behind} bytes in front`).toMatchObject({ type: 'valid' });
  }
});

describe('policyJson: damage', () => {
  test('with a digest no single flipped bit passes', () => {
    for (let bit = 0; bit < PROVEN.length * 8; bit++) {
      const flipped = Buffer.from(PROVEN);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expectRefusal(judgeBytes(flipped), `bit ${bit}`);
    }
  });

  test('with a digest no flipped bit of a larger file passes, in a sample', () => {
    const numbers = Array.from({ length: 12_000 }, (_item, index) => index / 7);
    const large = withDigest(JSON.stringify({ ...JSON.parse(PLAIN.toString()), policy_state: { w: numbers } }));
    expect(judgeBytes(large)).toMatchObject({ proven: true });
    expect(large.length).toBeGreaterThan(65_536);
    for (let bit = 5; bit < large.length * 8; bit += 20_011) {
      const flipped = Buffer.from(large);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expectRefusal(judgeBytes(flipped), `bit ${bit}`);
    }
    for (let page = 0; page < large.length; page += 4096) {
      expectRefusal(
        judgeBytes(Buffer.from(large).fill(0, page, Math.min(page + 4096, large.length))),
        `page at ${page}`,
      );
    }
  });

  test.each([
    ['policy-checkpoint.json', PLAIN],
    ['proven.json', PROVEN],
  ])('%s cut at any byte is refused with where it ends', async (_name, whole) => {
    await using folder = await makeFolder({ file: whole });
    for (let sizeBytes = whole.length - 1; sizeBytes >= 0; sizeBytes--) {
      truncateSync(folder.at('file'), sizeBytes);
      const { verdict } = await readPolicy(folder.at('file'));
      expect(verdict).toMatchObject({ type: 'rejected', offset: sizeBytes, path: folder.at('file') });
    }
  });

  const text = PLAIN.toString();
  test.each([
    ['a byte order mark', `\uFEFF${text}`, { offset: 0, found: expect.stringMatching(/byte order mark/) }],
    ['a key twice', text.replace('{', '{"run_id":"x",'), { message: expect.stringMatching(/the same key again/) }],
    ['a key twice deep inside', text.replace('"w":', '"w":1,"w":'), { found: 'the same key again' }],
    ['a version that is a text', text.replace('_version": 1', '_version": "1"'), { field: 'checkpoint_version' }],
    ['version 4294967297', text.replace('_version": 1', '_version": 4294967297'), { found: '4294967297' }],
    ['a list', `[${text}]`, { message: 'checkpoint payload must be a JSON object, and it is an array' }],
    ['another file of the same directory', '{"schema_version":1}', { field: 'checkpoint_version' }],
    ['two checkpoints in a row', text + text, { offset: text.length }],
    ['a number beyond a double', text.replace('0.5', '1e400'), { found: 'a larger one' }],
  ])('%s is refused', (_what, damaged, expected) => {
    const verdict = judgeBytes(Buffer.from(damaged));
    expectRefusal(verdict, damaged);
    expect(verdict).toMatchObject(expected);
  });

  test('100 MB of zeros or of noise are refused at the first byte that is wrong, without reading on', async () => {
    await using folder = await makeFolder({ zeros: '', noise: '{"checkpoint_version":1,"a":[\u0001' });
    for (const [name, offset] of [
      ['zeros', 0],
      ['noise', 29],
    ] as const) {
      truncateSync(folder.at(name), 100_000_000);
      const { verdict, facts } = await readPolicy(folder.at(name));
      expect(verdict).toMatchObject({ type: 'rejected', offset });
      expect(facts.sizeBytes).toBe(100_000_000);
    }
  });
});

/** Adds a digest to compact JSON, the way an independent writer would by its definition. */
function withDigest(json: string): Buffer {
  const zeros = `${json.slice(0, -1)},"salvor_digest":"sha256:${'0'.repeat(64)}"}`;
  const hex = execFileSync('sha256sum', { input: zeros, encoding: 'utf8' }).slice(0, 64);
  return Buffer.from(zeros.replace('0'.repeat(64), hex));
}

test('makeReader: the digest is the same wherever the field stands and however the file is cut', () => {
  const hex = '0'.repeat(64);
  const [open, rest] = ['{"checkpoint_version":1', PLAIN.toString().replace(/^\{\s*"checkpoint_version": 1/, '')];
  const zeros = `${open},"salvor_digest":"sha256:${hex}"${rest}`;
  const digest = execFileSync('sha256sum', { input: zeros, encoding: 'utf8' }).slice(0, 64);
  const bytes = Buffer.from(zeros.replace(hex, digest));
  for (let chunkBytes = 1; chunkBytes <= bytes.length; chunkBytes++) {
    const reader = makeReader();
    for (let at = 0; at < bytes.length; at += chunkBytes) reader.push(bytes.subarray(at, at + chunkBytes));
    const facts = reader.end('file');
    expect(facts.computedDigest).toBe(digest);
    expect(judge(facts)).toMatchObject({ proven: true });
  }
  const whole = execFileSync('sha256sum', { input: bytes, encoding: 'utf8' }).slice(0, 64);
  const reader = makeReader();
  reader.push(bytes);
  expect(reader.end('file').sha256).toBe(whole);
});

describe('read: what is no readable file', () => {
  test('a directory, a FIFO, a dangling link, a link to itself and nothing at all are told apart', async () => {
    await using folder = await makeFolder();
    mkdirSync(folder.at('directory'));
    execFileSync('mkfifo', [folder.at('fifo')]);
    symlinkSync(folder.at('nowhere'), folder.at('dangling'));
    symlinkSync(folder.at('loop'), folder.at('loop'));
    const reasonOf = async (name: string) => (await read(hostFiles, folder.at(name))).readProblem?.reason;
    expect(await reasonOf('directory')).toBe('not_a_file');
    expect(await reasonOf('fifo')).toBe('not_a_file');
    expect(await reasonOf('dangling')).toBe('dangling_link');
    expect(await reasonOf('loop')).toBe('read_failed');
    expect(await reasonOf('none')).toBe('missing');
  });

  test('a file without permission is told, as a user who has none', async () => {
    await using folder = await makeFolder({ file: PLAIN });
    chmodSync(folder.path, 0o755);
    chmodSync(folder.at('file'), 0o000);
    const opened = await withoutRights(() => openRegularFile(folder.at('file')));
    expect(opened).toMatchObject({ type: 'problem', problem: { reason: 'no_permission', code: 'EACCES' } });
  });
});
