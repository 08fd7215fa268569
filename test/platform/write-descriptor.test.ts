import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { writeDescriptor } from '../../src/platform/write-descriptor.ts';
import { makeFolder } from '../helpers/make-folder.ts';
import { SRC } from '../helpers/start-script.ts';

describe('writeDescriptor', () => {
  it('writes all of it at once', async () => {
    await using folder = await makeFolder();
    const descriptor = openSync(folder.at('out'), 'w');
    expect(writeDescriptor(descriptor, 'Zürich\n')).toBe(true);
    expect(writeDescriptor(descriptor, '')).toBe(true);
    closeSync(descriptor);
    expect(readFileSync(folder.at('out'), 'utf8')).toBe('Zürich\n');
  });

  it('passes on every error but that of a closed pipe', () => {
    expect(() => writeDescriptor(10_000, 'x')).toThrow(/EBADF/);
  });

  it('waits for a slow reader of a pipe that does not block', async () => {
    const source = `
      import net from 'node:net';
      import { writeDescriptor } from '${SRC}/platform/write-descriptor.ts';
      // Taking standard output as a socket makes the pipe non-blocking.
      new net.Socket({ fd: 1, readable: false, writable: true });
      writeDescriptor(2, writeDescriptor(1, 'x'.repeat(1_000_000)) ? 'all' : 'closed');
      process.exit(0);
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['ignore', 'pipe', 'pipe'] });
    let length = 0;
    let said = '';
    child.stdout.on('data', (chunk: Buffer) => {
      length += chunk.length;
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect({ length, said }).toEqual({ length: 1_000_000, said: 'all' });
  });

  it('says when nobody reads any more', async () => {
    const source = `
      import { writeDescriptor } from '${SRC}/platform/write-descriptor.ts';
      process.stdin.resume().on('end', () => {
        writeDescriptor(2, writeDescriptor(1, 'x'.repeat(1_000_000)) ? 'all' : 'closed');
        process.exit(0);
      });
    `;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], { stdio: ['pipe', 'pipe', 'pipe'] });
    let said = '';
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
    });
    child.stdout.destroy();
    child.stdin.end();
    await new Promise((resolve) => child.once('close', resolve));
    expect(said).toBe('closed');
  });
});
