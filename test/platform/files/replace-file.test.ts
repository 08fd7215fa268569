import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { replaceFile, replaceFileBytes, type WriteBytes } from '../../../src/platform/files/replace-file.ts';
import { syncDirectoryNow } from '../../../src/platform/files/sync-directory-now.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { runScript, SRC, startScript } from '../../helpers/start-script.ts';

describe('replaceFile', () => {
  it('makes a file that was not there, and leaves nothing beside it', async () => {
    await using folder = await makeFolder();
    await replaceFile(folder.at('report.json'), async (write) => {
      await write(Buffer.from('one,'));
      await write(Buffer.from('two'));
    });
    expect(readFileSync(folder.at('report.json'), 'utf8')).toBe('one,two');
    expect(readdirSync(folder.path)).toEqual(['report.json']);
    expect(statSync(folder.at('report.json')).mode & 0o777).toBe(0o644);
  });

  it.each([0o600, 0o640, 0o755])('keeps mode %o', async (mode) => {
    await using folder = await makeFolder({ file: 'old' });
    chmodSync(folder.at('file'), mode);
    await replaceFileBytes(folder.at('file'), Buffer.from('new'));
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('new');
    expect(statSync(folder.at('file')).mode & 0o777).toBe(mode);
  });

  it('shows the old file until the new one is whole', async () => {
    await using folder = await makeFolder({ file: 'old' });
    await replaceFile(
      folder.at('file'),
      async (write) => {
        await write(Buffer.from('new'));
        expect(readFileSync(folder.at('file'), 'utf8')).toBe('old');
      },
      {
        place(rename) {
          expect(readFileSync(folder.at('file'), 'utf8')).toBe('old');
          rename();
        },
      },
    );
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('new');
  });

  it('leaves the old file and nothing beside it when its body fails, at once or later', async () => {
    await using folder = await makeFolder({ file: 'old' });
    const bodies = [
      () => {
        throw new Error('no rows');
      },
      async (write: WriteBytes) => {
        await write(Buffer.from('half'));
        await Promise.reject(new Error('no rows'));
      },
    ];
    for (const body of bodies) await expect(replaceFile(folder.at('file'), body)).rejects.toThrow('no rows');
    const stop = () => {
      throw new Error('not now');
    };
    await expect(replaceFile(folder.at('file'), (write) => write(Buffer.from('x')), { place: stop })).rejects.toThrow(
      'not now',
    );
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('old');
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('leaves nothing beside a directory that stands in its place', async () => {
    await using folder = await makeFolder();
    mkdirSync(folder.at('file'));
    await expect(replaceFileBytes(folder.at('file'), Buffer.from('new'))).rejects.toMatchObject({ syscall: 'rename' });
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('says so when there is no directory to write to', async () => {
    await using folder = await makeFolder({ file: 'x' });
    await expect(replaceFileBytes(folder.at('missing/file'), Buffer.from('new'))).rejects.toMatchObject({
      code: 'ENOENT',
    });
    await expect(replaceFileBytes(folder.at('file/file'), Buffer.from('new'))).rejects.toMatchObject({
      code: 'ENOTDIR',
    });
  });

  it('leaves the old file and nothing beside it when there is no room, and writes on after a short write', async () => {
    await using folder = await makeFolder({ file: 'old' });
    // The write that reaches the limit is short; only the next one fails.
    const source = `
      import { replaceFileBytes } from '${SRC}/platform/files/replace-file.ts';
      const path = ${JSON.stringify(folder.at('file'))};
      await replaceFileBytes(path, Buffer.from('y'.repeat(3000)));
      await replaceFileBytes(path, Buffer.from('x'.repeat(100_000))).then(() => 'written', (error) => error.code).then(console.log);
    `;
    const ended = await runScript(source, { fileBlocks: 16 });
    expect(ended).toMatchObject({ code: 0, text: 'EFBIG\n' });
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('y'.repeat(3000));
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('leaves the whole old file when its process is killed, and the next one takes the rest away', async () => {
    await using folder = await makeFolder({ file: 'old' });
    const source = `
      import { replaceFile } from '${SRC}/platform/files/replace-file.ts';
      await replaceFile(${JSON.stringify(folder.at('file'))}, async (write) => {
        await write(Buffer.from('half of the new'));
        console.log('half');
        await new Promise((resolve) => setTimeout(resolve, 60_000));
      });
    `;
    await using script = startScript(source);
    await script.says('half');
    const beside = readdirSync(folder.path);
    expect(beside).toEqual([expect.stringMatching(`^\\.file\\.${script.pid}-\\d+\\.tmp$`), 'file']);
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('old');
    // What a living process writes is its own.
    await replaceFileBytes(folder.at('file'), Buffer.from('newer'));
    expect(readdirSync(folder.path)).toEqual(beside);
    script.signal('SIGKILL');
    await script.ended;
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('newer');
    await replaceFileBytes(folder.at('file'), Buffer.from('newest'));
    expect(readdirSync(folder.path)).toEqual(['file']);
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('newest');
  });

  it('is not disturbed by another writing of the same process', async () => {
    await using folder = await makeFolder({ file: 'old' });
    await replaceFile(folder.at('file'), async (write) => {
      await write(Buffer.from('outer'));
      await replaceFileBytes(folder.at('file'), Buffer.from('inner'));
      expect(readFileSync(folder.at('file'), 'utf8')).toBe('inner');
    });
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('outer');
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('leaves files of other names alone', async () => {
    await using folder = await makeFolder();
    const others = [
      '.file.tmp',
      '.file.0x1-1.tmp',
      '.other.999999999-1.tmp',
      'file.999999999-1.tmp',
      '.file.999999999.tmp',
    ];
    for (const name of others) writeFileSync(folder.at(name), 'theirs');
    await replaceFileBytes(folder.at('file'), Buffer.from('new'));
    expect(readdirSync(folder.path).sort()).toEqual([...others, 'file'].sort());
  });
});

it('syncDirectoryNow: a directory that is not there is an error', async () => {
  await using folder = await makeFolder();
  expect(() => syncDirectoryNow(folder.path)).not.toThrow();
  expect(() => syncDirectoryNow(folder.at('missing'))).toThrow(/ENOENT/);
});
