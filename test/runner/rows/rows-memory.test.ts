import { execFile } from 'node:child_process';
import { open } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { makeFolder } from '../../helpers/make-folder.ts';

const SOURCE = fileURLToPath(new URL('../../../src/runner/rows/', import.meta.url));
const ROWS_BYTES = 64 * 1024 * 1024;

/**
 * Reads, then writes back, in a process of its own, and prints the most memory it ever had. That is VmHWM, which begins
 * anew with the program; the peak of getrusage(2) has in it what its parent had when it forked.
 */
const PROGRAM = `
const { openRows } = await import('${SOURCE}open-rows.ts');
const { writeBack } = await import('${SOURCE}write-back.ts');
const spec = { rowsPath: process.argv[1], rowsFormat: 'csv', keyColumn: 'id', writeBack: [{ column: 'status', value: 'status' }] };
const opened = await openRows(spec);
let rows = 0;
for await (const chunk of opened.chunks) rows += chunk.length;
await writeBack({ spec, expected: opened.digest(), beforeReplace() {}, replace: (rename) => rename(), readRows: (first, last) => new Map(
  Array.from({ length: last - first + 1 }, (_, index) => [first + index, { values: { status: 'done' }, dataJson: '{}' }])) });
const { readFileSync } = await import('node:fs');
const peakKib = Number(/VmHWM:\\s*(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]);
console.log(JSON.stringify({ rows, peakBytes: peakKib * 1024 }));
`;

describe('openRows and writeBack', () => {
  it('go through a file of any size in less than 200 MB of memory', async () => {
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
      '--input-type=module',
      '-e',
      PROGRAM,
      folder.at('rows.csv'),
    ]);
    const result: { rows: number; peakBytes: number } = JSON.parse(stdout);
    expect(result.rows).toBe(rows);
    expect(result.peakBytes).toBeLessThan(200e6);
  });
});
