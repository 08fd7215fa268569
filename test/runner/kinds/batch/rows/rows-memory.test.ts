import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../../../helpers/make-folder.ts';

const SOURCE = fileURLToPath(new URL('../../../../../src/runner/kinds/batch/rows/', import.meta.url));
const ROWS_BYTES = 64 * 1024 * 1024;

/**
 * Reads, then writes back, in a process of its own, and prints the most memory that was in use at any time: what is left
 * after a collection. When a machine has the time to collect says how much more a process has of the system, not the code.
 */
const PROGRAM = `
const { openRows } = await import('${SOURCE}open-rows.ts');
const { writeBack } = await import('${SOURCE}write-back.ts');
let peakBytes = 0, calls = 0;
const look = () => {
  if (calls++ % 20 !== 0) return;
  gc();
  const { heapUsed, external } = process.memoryUsage();
  peakBytes = Math.max(peakBytes, heapUsed + external);
};
const spec = { rowsPath: process.argv[1], rowsFormat: 'csv', keyColumn: 'id', writeBack: [{ column: 'status', value: 'status' }] };
const opened = await openRows(spec);
let rows = 0;
for await (const chunk of opened.chunks) { rows += chunk.length; look(); }
await writeBack({ spec, expected: opened.digest(), beforeReplace() {}, replace: (rename) => rename(), readRows: (first, last) => { look(); return new Map(
  Array.from({ length: last - first + 1 }, (_, index) => [first + index, { values: { status: 'done' }, dataJson: '{}' }])); } });
console.log(JSON.stringify({ rows, peakBytes }));
`;

describe('openRows and writeBack', () => {
  it('go through a file of 64 MiB with less than 32 MiB in use', async () => {
    await using folder = await makeFolder();
    const line = `,${'x'.repeat(100)},"quoted, ""twice""",é\n`;
    let rows = 0;
    await using file = await open(folder.at('rows.csv'), 'w');
    await file.write('id,text,quoted,other\n');
    for (let written = 0; written < ROWS_BYTES; ) {
      const block = Array.from({ length: 10_000 }, () => `${++rows}${line}`).join('');
      written += (await file.write(block)).bytesWritten;
    }
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      '--input-type=module',
      '-e',
      PROGRAM,
      folder.at('rows.csv'),
    ]);
    const result: { rows: number; peakBytes: number } = JSON.parse(stdout);
    expect(result.rows).toBe(rows);
    expect(result.peakBytes).toBeLessThan(32 * 1024 * 1024);
  });
});
