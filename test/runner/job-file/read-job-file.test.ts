import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readJobFile as readFile } from '../../../src/runner/job-file/read-job-file.ts';
import { parseBatchSpec } from '../../../src/runner/kinds/batch/schema.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

const ORDERS = fileURLToPath(new URL('../../../fixtures/batch/orders/', import.meta.url));
const CSV = 'order_id,name\nA1,x\n';
const job = (lines: string) => `kind: batch\nrows: o.csv\n${lines}\n`;

/** The specification that a job file comes to. */
async function readJobFile(path: string, params: Record<string, string> = {}) {
  return parseBatchSpec((await readFile(path, { params })).work.spec);
}

/** Reads a job file with these lines beside a small rows file. */
async function read(
  lines: string,
  files: Record<string, string | Uint8Array> = {},
  params: Record<string, string> = {},
) {
  await using folder = await makeFolder({ 'o.csv': CSV, 'job.yaml': job(lines), ...files });
  return await readJobFile(folder.at('job.yaml'), params);
}

describe('readJobFile', () => {
  it('resolves everything against the directory of the file', async () => {
    expect(await readJobFile(`${ORDERS}command.yaml`)).toMatchObject({
      name: 'California Orders',
      directory: ORDERS.replace(/\/$/, ''),
      rowsPath: `${ORDERS}orders.csv`,
      columns: ['order_id', 'name', 'act'],
      keyColumn: 'order_id',
      receipt: { field: 'tracking_number', label: 'tracking' },
      concurrency: 2,
      timeoutMs: 60_000,
      writeBack: [
        { column: 'tracking_number', value: 'receipt' },
        { column: 'shipped_at', value: 'finished_at' },
      ],
      env: { CARRIER: 'UPS', DEPOT: '007' },
    });
    expect(await readJobFile(`${ORDERS}worker.yaml`)).toMatchObject({
      rowsFormat: 'jsonl',
      columns: ['order_id', 'name', 'act'],
    });
  });
  it('refuses a command that is not there, by name', async () => {
    await expect(read('command: ./ship.sh --now')).rejects.toMatchObject({
      code: 'COMMAND_MISSING',
      message: expect.stringContaining('the command ./ship.sh does not exist in '),
    });
    await expect(read('command: no-such-program x')).rejects.toMatchObject({
      code: 'COMMAND_MISSING',
      message: 'the command no-such-program does not exist on the PATH',
    });
    await expect(read('command: ./plain', { plain: '' })).rejects.toMatchObject({
      message: 'the command ./plain cannot be executed: it is a file without the execute permission',
    });
    await expect(read('command: "true"\nverify: ./gone')).rejects.toMatchObject({ code: 'COMMAND_MISSING' });
  });
  it('finds commands on the PATH the job sets', async () => {
    await using bin = await makeFolder({ 'tool.sh': '#!/bin/sh\n' });
    expect(await read(`command: tool.sh\nenv: {PATH: "${bin.path}"}`)).toMatchObject({ command: 'tool.sh' });
  });
  it.each([
    'if true; then x; fi',
    'FOO=1 ./x',
    '"./x y"',
    '$TOOL',
    '. ./x',
    'foo () { :; }; foo',
    '{ ./x; }',
    './x|cat',
    'echo hi',
    ': ',
  ])('leaves %s to the shell', async (command) => {
    expect(await read(`command: '${command}'`)).toMatchObject({ command });
  });
  it('refuses a placeholder nothing stands for, with the nearest name', async () => {
    await expect(read('command: echo ${order_ix}')).rejects.toMatchObject({
      code: 'JOB_FILE_INVALID',
      message:
        'command: ${order_ix} is not a parameter, a column or an environment variable (write $${order_ix} to leave it to the shell); did you mean order_id?',
    });
    await expect(read('worker: cat ${order_id}')).rejects.toMatchObject({ code: 'JOB_FILE_INVALID' });
  });
  it('refuses two columns that would be the same variable', async () => {
    const files = { 'o.csv': 'order id,order-id\n1,2\n' };
    await expect(read('command: cat', files)).rejects.toMatchObject({
      code: 'ROWS_INVALID',
      message: expect.stringMatching(/columns order id and order-id of .* would both be the variable ROW_ORDER_ID/),
    });
    expect(await read('worker: cat', files)).toMatchObject({ columns: ['order id', 'order-id'] });
  });
  it('refuses a key that is no column', async () => {
    await expect(read('command: cat\nkey: order_ids')).rejects.toMatchObject({
      code: 'JOB_FILE_INVALID',
      message: expect.stringMatching(/has no column order_ids; did you mean order_id\?$/),
    });
  });
  it('refuses rows that are not there', async () => {
    await using folder = await makeFolder({ 'job.yaml': job('command: cat') });
    await expect(readJobFile(folder.at('job.yaml'))).rejects.toMatchObject({
      code: 'ROWS_INVALID',
      message: `the rows file ${folder.at('o.csv')} does not exist`,
    });
  });
  it('refuses what is no file of a person: missing, a directory, a pipe, not UTF-8, too large', async () => {
    await using folder = await makeFolder({
      'bad.yaml': Buffer.from([0x61, 0xff]),
      'big.yaml': Buffer.alloc(1024 * 1024 + 1, 0x20),
    });
    execFileSync('mkfifo', [folder.at('pipe.yaml')]);
    const messages = ['gone.yaml', '.', 'pipe.yaml', 'bad.yaml', 'big.yaml'].map((name) =>
      readJobFile(folder.at(name)).then(
        () => 'read',
        (error: Error) => error.message.replaceAll(folder.path, ''),
      ),
    );
    expect(await Promise.all(messages)).toEqual([
      "the job file /gone.yaml cannot be read: ENOENT: no such file or directory, stat '/gone.yaml'",
      ' is not a file',
      '/pipe.yaml is not a file',
      '/bad.yaml is not valid UTF-8',
      '/big.yaml has 1048577 bytes, a job file has at most 1048576',
    ]);
  });
});
