import { execFileSync } from 'node:child_process';
import { chmod, chown, lstat, readdir, readFile, stat, symlink } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { digestFile } from '../../../../../src/platform/digest-file.ts';
import { makeJsonlEditor } from '../../../../../src/runner/kinds/batch/rows/edit-jsonl-line.ts';
import { openRows } from '../../../../../src/runner/kinds/batch/rows/open-rows.ts';
import type { RowValues } from '../../../../../src/runner/kinds/batch/rows/row-values.ts';
import { writeBack } from '../../../../../src/runner/kinds/batch/rows/write-back.ts';
import type { BatchSpec } from '../../../../../src/runner/kinds/batch/schema.ts';
import { type Folder, makeFolder } from '../../../../helpers/make-folder.ts';

const COLUMNS: BatchSpec['writeBack'] = [
  { column: 'tracking', value: 'receipt' },
  { column: 'note', value: 'error' },
];

type Asked = {
  readonly columns?: BatchSpec['writeBack'];
  readonly values?: Readonly<Record<number, RowValues>>;
  readonly name?: string;
  readonly beforeReplace?: () => void;
};

async function write(folder: Folder, { columns = COLUMNS, values = {}, name = 'rows.csv', beforeReplace }: Asked) {
  const rowsPath = folder.at(name);
  const told: unknown[] = [];
  const { digest, changed } = await writeBack({
    spec: { rowsPath, rowsFormat: name.endsWith('csv') ? 'csv' : 'jsonl', writeBack: columns },
    expected: await digestFile(rowsPath),
    readRows: async (first, last) => {
      const recorded = await readRecorded(folder, name);
      const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
      return new Map(numbers.map((at) => [at, { values: values[at] ?? {}, dataJson: recorded[at - 1] ?? '{}' }]));
    },
    replace: async (rename) => rename(),
    beforeReplace: async (next) => {
      told.push([next, (await readFile(rowsPath, 'utf8')).length]);
      beforeReplace?.();
    },
  });
  return { content: await readFile(rowsPath, 'utf8'), digest, changed, told };
}

/** The rows as a job that starts now would record them; a file is recorded once. */
async function readRecorded(folder: Folder, name: string): Promise<readonly string[]> {
  const known = RECORDED.get(folder);
  if (known) return known;
  const read = await readRows(folder.at(name));
  RECORDED.set(folder, read);
  return read;
}
const RECORDED = new WeakMap<Folder, readonly string[]>();

async function readRows(rowsPath: string): Promise<readonly string[]> {
  const opened = await openRows({ rowsPath, rowsFormat: rowsPath.endsWith('csv') ? 'csv' : 'jsonl' });
  return (await Array.fromAsync(opened.chunks)).flat().map((row) => row.dataJson);
}

async function edit(content: string, asked: Asked): Promise<string> {
  await using folder = await makeFolder({ [asked.name ?? 'rows.csv']: content });
  return (await write(folder, asked)).content;
}

describe('writeBack, CSV', () => {
  it('adds columns and keeps every other byte', async () => {
    const content = '\ufeffid,"na""me"\r\n\r\n"A1",x\r\nA2,"two\nlines"\n\nA3,é';
    const values = { 1: { receipt: '1Z,"1"' }, 3: { receipt: '1Z3', error: 'no' } };
    expect(await edit(content, { values })).toBe(
      '\ufeffid,"na""me",tracking,note\r\n\r\n"A1",x,"1Z,""1""",\r\nA2,"two\nlines",,\n\nA3,é,1Z3,no',
    );
  });
  it('empties what is true no more, and gives a cell of the file itself back what it was recorded with', async () => {
    await using folder = await makeFolder({ 'rows.csv': 'note,id\n"by hand",1\n,2\n' });
    await write(folder, { values: { 1: { receipt: 'R1', error: 'no' }, 2: { error: 'no' } } });
    expect((await write(folder, { values: { 2: { receipt: 'R2' } } })).content).toBe(
      'note,id,tracking\nby hand,1,\n,2,R2\n',
    );
  });
  it('replaces the cells of a column that is there, and only those with a value', async () => {
    const content = 'tracking,"id",note\n"old",1,a\nkept,"2",b\n"x, y",3,c\n';
    const values = { 1: { receipt: '1Z1' }, 3: { receipt: '1Z3', error: 'n' } };
    expect(await edit(content, { values })).toBe('tracking,"id",note\n1Z1,1,a\nkept,"2",b\n1Z3,3,n\n');
  });
  it('keeps line ends as they are, carriage returns alone included, and those inside quotes', async () => {
    const values = { 1: { receipt: 'R1' }, 2: { receipt: 'R2' } };
    expect(await edit('id,t\rA,"x\ry"\rB,z\r', { values })).toBe('id,t,tracking,note\rA,"x\ry",R1,\rB,z,R2,\r');
    expect(await edit('id\r\nA\rB\n\rC', { values })).toBe('id,tracking,note\r\nA,R1,\rB,R2,\n\rC,,');
  });
  it('gives the same file when it is done twice', async () => {
    const values = { 1: { receipt: 'R' } };
    const once = await edit('id\n1\n2\n', { values });
    expect(await edit(once, { values })).toBe(once);
  });
  it('writes receipts exactly, and makes foreign prose one line that is no formula', async () => {
    const values = { 1: { receipt: '=1+1', error: '=cmd|x\n\u001b[31mred' }, 2: { receipt: ' -5', error: 'plain' } };
    expect(await edit('id\n1\n2\n', { values })).toBe('id,tracking,note\n1,=1+1,\'=cmd|x [31mred\n2," -5",plain\n');
  });
});

describe('writeBack, JSON lines', () => {
  it('adds and replaces members and keeps every other byte', async () => {
    const content = '\ufeff{"id": 9007199254740993 , "tracking" : [1, 2] }\r\n\n{}\n{"a":1.0}';
    const values = { 1: { receipt: 'é"1' }, 2: { receipt: 'R2' }, 3: { receipt: 'R3', error: 'e' } };
    expect(await edit(content, { name: 'rows.jsonl', values })).toBe(
      '\ufeff{"id": 9007199254740993 , "tracking" : "é\\"1" }\r\n\n{"tracking":"R2"}\n{"a":1.0,"tracking":"R3","note":"e"}',
    );
  });
  it('takes away what is true no more, and gives a member of the file itself back its value', async () => {
    const content = '\ufeff {"note":[1.0]} \n{"a":1}\n{}\n';
    await using folder = await makeFolder({ 'rows.jsonl': content });
    const asked = { name: 'rows.jsonl' };
    await write(folder, { ...asked, values: { 1: { error: 'no' }, 2: { error: 'no', receipt: 'R' }, 3: {} } });
    expect((await write(folder, { ...asked, values: { 2: { receipt: 'R2' } } })).content).toBe(
      '\ufeff {"note":[1.0]} \n{"a":1,"tracking":"R2"}\n{}\n',
    );
  });
  it('replaces a member that stands twice in both places, in a row that was recorded before such were refused', () => {
    const dataJson = '{"tracking":1,"tracking":22}';
    const editor = makeJsonlEditor([{ column: 'tracking', value: 'receipt' }]);
    expect(editor.editRow(dataJson, { values: { receipt: 'R' }, dataJson })).toBe('{"tracking":"R","tracking":"R"}');
  });
});

describe('writeBack', () => {
  it('numbers rows as they are numbered when they are read, over many chunks', async () => {
    const rows = Array.from({ length: 30_000 }, (_, index) => `${index + 1}`);
    await using folder = await makeFolder({ 'rows.csv': `id\n${rows.join('\n')}\n` });
    await writeBack({
      spec: { rowsPath: folder.at('rows.csv'), rowsFormat: 'csv', writeBack: [{ column: 'r', value: 'receipt' }] },
      expected: await digestFile(folder.at('rows.csv')),
      readRows: async (first, last) =>
        new Map(
          Array.from({ length: last - first + 1 }, (_, index) => [
            first + index,
            { values: { receipt: `R${first + index}` }, dataJson: '{}' },
          ]),
        ),
      beforeReplace: () => {},
      replace: async (rename) => rename(),
    });
    const expected = `id,r\n${rows.map((row) => `${row},R${row}`).join('\n')}\n`;
    expect(await readFile(folder.at('rows.csv'), 'utf8')).toBe(expected);
  });
  it('tells the new digest while the old file is still in place', async () => {
    await using folder = await makeFolder({ 'rows.csv': 'id\n1\n' });
    const { digest, told } = await write(folder, {});
    expect(digest).toEqual(await digestFile(folder.at('rows.csv')));
    expect(told).toEqual([[digest, 'id\n1\n'.length]]);
  });
  it('keeps the mode and the owner and leaves nothing else in the directory', async () => {
    await using folder = await makeFolder({ 'rows.csv': 'id\n1\n' });
    // Only root can give a file away; for anybody else the owner is one's own, and stays it.
    if (process.getuid?.() === 0) await chown(folder.at('rows.csv'), 65_534, 65_534);
    await chmod(folder.at('rows.csv'), 0o640);
    const before = await stat(folder.at('rows.csv'));
    await write(folder, {});
    const { mode, uid, gid } = await stat(folder.at('rows.csv'));
    expect([mode & 0o777, uid, gid]).toEqual([0o640, before.uid, before.gid]);
    expect(await readdir(folder.path)).toEqual(['rows.csv']);
  });
  it('writes to the target of a symbolic link and keeps the link', async () => {
    await using folder = await makeFolder({ 'real.csv': 'id\n1\n' });
    await symlink('real.csv', folder.at('rows.csv'));
    await write(folder, { values: { 1: { receipt: 'R' } } });
    expect((await lstat(folder.at('rows.csv'))).isSymbolicLink()).toBe(true);
    expect(await readFile(folder.at('real.csv'), 'utf8')).toBe('id,tracking,note\n1,R,\n');
  });
  it('leaves a file alone that says it all already', async () => {
    await using folder = await makeFolder({ 'rows.csv': 'id\n1\n' });
    const values = { 1: { receipt: 'R' } };
    expect((await write(folder, { values })).changed).toBe(true);
    const { ino, mtimeNs } = await stat(folder.at('rows.csv'), { bigint: true });
    expect((await write(folder, { values })).changed).toBe(false);
    expect(await stat(folder.at('rows.csv'), { bigint: true })).toMatchObject({ ino, mtimeNs });
    expect(await readdir(folder.path)).toEqual(['rows.csv']);
  });
  it('touches nothing when no columns are written back', async () => {
    await using folder = await makeFolder({ 'rows.csv': 'id\n1\n' });
    const { ino } = await stat(folder.at('rows.csv'));
    await write(folder, { columns: [] });
    expect((await stat(folder.at('rows.csv'))).ino).toBe(ino);
  });
  it.each([
    ['another digest', 'id\n1\n'],
    ['no CSV any more', 'id\n"1\n'],
  ])('refuses a file that is not the recorded one: %s', async (_, content) => {
    await using folder = await makeFolder({ 'rows.csv': content });
    const spec = { rowsPath: folder.at('rows.csv'), rowsFormat: 'csv' as const, writeBack: COLUMNS };
    const told: unknown[] = [];
    const result = writeBack({
      spec,
      expected: { sha256: '0'.repeat(64), sizeBytes: 5 },
      readRows: () => new Map(),
      beforeReplace: (digest) => void told.push(digest),
      replace: async (rename) => rename(),
    });
    await expect(result).rejects.toMatchObject({ code: 'ROWS_FILE_CHANGED' });
    expect(told).toEqual([]);
    expect(await readFile(folder.at('rows.csv'), 'utf8')).toBe(content);
    expect(await readdir(folder.path)).toEqual(['rows.csv']);
  });
  it('leaves the file untouched when the digest cannot be recorded', async () => {
    await using folder = await makeFolder({ 'rows.csv': 'id\n1\n' });
    const beforeReplace = () => {
      throw new Error('the store is full');
    };
    await expect(write(folder, { beforeReplace })).rejects.toMatchObject({
      code: 'WRITE_BACK_FAILED',
      message: expect.stringContaining('the store is full'),
    });
    expect(await readFile(folder.at('rows.csv'), 'utf8')).toBe('id\n1\n');
    expect(await readdir(folder.path)).toEqual(['rows.csv']);
  });
  it('leaves the file untouched when there is no room for the new one', async () => {
    await using folder = await makeFolder({ 'rows.csv': `id\n${'123456789\n'.repeat(20_000)}` });
    const before = await digestFile(folder.at('rows.csv'));
    const source = new URL('../../../../../src/runner/kinds/batch/rows/write-back.ts', import.meta.url).href;
    const program = `
      const { writeBack } = await import('${source}');
      process.on('SIGXFSZ', () => {});
      const spec = { rowsPath: process.argv[1], rowsFormat: 'csv', writeBack: [{ column: 'r', value: 'receipt' }] };
      const expected = { sha256: '${before.sha256}', sizeBytes: ${before.sizeBytes} };
      await writeBack({ spec, expected, readRows: () => new Map(), beforeReplace() {}, replace: (rename) => rename() })
        .catch((error) => console.log(error.code, error.message.includes('EFBIG')));`;
    // 64 KiB is the most any file may have in there: the system refuses as it does when a disk is full.
    const command = `ulimit -f 128; exec "$0" --input-type=module -e "$1" "$2"`;
    const output = execFileSync('/bin/sh', ['-c', command, process.execPath, program, folder.at('rows.csv')]);
    expect(output.toString()).toBe('WRITE_BACK_FAILED true\n');
    expect(await digestFile(folder.at('rows.csv'))).toEqual(before);
    expect(await readdir(folder.path)).toEqual(['rows.csv']);
  });
});
