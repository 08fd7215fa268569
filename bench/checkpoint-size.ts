/**
 * The two claims about size, as ratios and peaks: a checkpoint of 256 MiB is validated within 2 times the time of
 * JSON.parse on the same bytes; one of 2 GiB is validated and copied with less than 200 MB of memory.
 *
 * Run: node bench/checkpoint-size.ts [directory]
 */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, statSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspectCheckpoint, restoreCheckpoint } from '../src/checkpoint.ts';

const MIB = 1024 * 1024;
const ROUNDS = 5;

/** Writes a checkpoint of about this size: arrays of doubles, as a pretty printer writes them. */
function writeLarge(file: string, sizeBytes: number): void {
  const numbers = Array.from({ length: 50_000 }, (_item, index) => Math.sin(index) / 3);
  const layer = Buffer.from(JSON.stringify(numbers, null, 2));
  const descriptor = openSync(file, 'w');
  writeSync(descriptor, '{"checkpoint_version":1,"run_id":"bench","policy_state":{"layers":[');
  for (let written = layer.length; written < sizeBytes; written += layer.length + 1) {
    writeSync(descriptor, layer);
    writeSync(descriptor, ',');
  }
  writeSync(descriptor, layer);
  writeSync(descriptor, ']},"optimizer_state":{},"global_step":1,"optimizer_step":1,"saved_at_unix_seconds":1}');
  closeSync(descriptor);
}

async function timeMs(act: () => unknown): Promise<number> {
  const start = performance.now();
  await act();
  return performance.now() - start;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

async function validate(file: string): Promise<void> {
  const { verdict } = await inspectCheckpoint(file);
  if (verdict.type !== 'valid') throw new Error(verdict.message);
}

async function compareWithParse(file: string): Promise<void> {
  writeLarge(file, 256 * MIB);
  const validateMs: number[] = [];
  const parseMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    validateMs.push(await timeMs(() => validate(file)));
    // Reading is left out: what is compared is the work on the same bytes.
    const bytes = readFileSync(file);
    parseMs.push(await timeMs(() => JSON.parse(bytes.toString('utf8'))));
  }
  const ratio = median(validateMs) / median(parseMs);
  console.log(
    `256 MiB: validate ${median(validateMs).toFixed(0)} ms (reading and digest included), ` +
      `JSON.parse ${median(parseMs).toFixed(0)} ms, ratio ${ratio.toFixed(2)} (goal 2)`,
  );
}

async function copyHuge(directory: string, file: string): Promise<void> {
  writeLarge(file, 2048 * MIB);
  const validateMs = await timeMs(() => validate(file));
  const copyMs = await timeMs(() => restoreCheckpoint(path.join(directory, 'store'), file));
  const peakMb = process.resourceUsage().maxRSS / 1000;
  console.log(
    `${statSync(file).size} bytes: validate ${validateMs.toFixed(0)} ms, validate and copy ${copyMs.toFixed(0)} ms, ` +
      `peak memory ${peakMb.toFixed(0)} MB (goal 200)`,
  );
}

const directory = mkdtempSync(path.join(process.argv[2] ?? tmpdir(), 'salvor-bench-'));
try {
  // First, since the peak is that of the whole process and JSON.parse needs gigabytes.
  await copyHuge(directory, path.join(directory, 'huge.json'));
  await compareWithParse(path.join(directory, 'large.json'));
} finally {
  rmSync(directory, { recursive: true });
}
