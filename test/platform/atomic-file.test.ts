import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { replaceFile, replaceFileText, syncDirectory } from '../../src/platform/atomic-file.ts';
import { makeFolder } from '../helpers/make-folder.ts';
import { runScript, SRC, startScript } from '../helpers/start-script.ts';

describe('replaceFile', () => {
  it('makes a file that was not there, and leaves nothing beside it', async () => {
    await using folder = await makeFolder();
    await replaceFile(folder.at('report.json'), (write) => {
      write(Buffer.from('one,'));
      write(Buffer.from('two'));
    });
    expect(readFileSync(folder.at('report.json'), 'utf8')).toBe('one,two');
    expect(readdirSync(folder.path)).toEqual(['report.json']);
    expect(statSync(folder.at('report.json')).mode & 0o777).toBe(0o644);
  });

  it.each([0o600, 0o640, 0o755])('keeps mode %o', async (mode) => {
    await using folder = await makeFolder({ file: 'old' });
    chmodSync(folder.at('file'), mode);
    await replaceFileText(folder.at('file'), 'new');
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('new');
    expect(statSync(folder.at('file')).mode & 0o777).toBe(mode);
  });

  it('shows the old file until the new one is whole', async () => {
    await using folder = await makeFolder({ file: 'old' });
    await replaceFile(
      folder.at('file'),
      async (write) => {
        write(Buffer.from('new'));
        await Promise.resolve();
        expect(readFileSync(folder.at('file'), 'utf8')).toBe('old');
      },
      (rename) => {
        expect(readFileSync(folder.at('file'), 'utf8')).toBe('old');
        rename();
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
      async (write: (bytes: Uint8Array) => void) => {
        write(Buffer.from('half'));
        await Promise.reject(new Error('no rows'));
      },
    ];
    for (const body of bodies) await expect(replaceFile(folder.at('file'), body)).rejects.toThrow('no rows');
    const stop = () => {
      throw new Error('not now');
    };
    await expect(replaceFile(folder.at('file'), (write) => write(Buffer.from('x')), stop)).rejects.toThrow('not now');
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('old');
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('leaves nothing beside a directory that stands in its place', async () => {
    await using folder = await makeFolder();
    mkdirSync(folder.at('file'));
    await expect(replaceFileText(folder.at('file'), 'new')).rejects.toMatchObject({ syscall: 'rename' });
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('says so when there is no directory to write to', async () => {
    await using folder = await makeFolder({ file: 'x' });
    await expect(replaceFileText(folder.at('missing/file'), 'new')).rejects.toMatchObject({ code: 'ENOENT' });
    await expect(replaceFileText(folder.at('file/file'), 'new')).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  it('leaves the old file and nothing beside it when there is no room, and writes on after a short write', async () => {
    await using folder = await makeFolder({ file: 'old' });
    // The write that reaches the limit is short; only the next one fails.
    const source = `
      import { replaceFileText } from '${SRC}/platform/atomic-file.ts';
      const path = ${JSON.stringify(folder.at('file'))};
      await replaceFileText(path, 'y'.repeat(3000));
      await replaceFileText(path, 'x'.repeat(100_000)).then(() => 'written', (error) => error.code).then(console.log);
    `;
    const ended = await runScript(source, { fileBlocks: 16 });
    expect(ended).toMatchObject({ code: 0, text: 'EFBIG\n' });
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('y'.repeat(3000));
    expect(readdirSync(folder.path)).toEqual(['file']);
  });

  it('leaves the whole old file when its process is killed, and the next one takes the rest away', async () => {
    await using folder = await makeFolder({ file: 'old' });
    const source = `
      import { replaceFile } from '${SRC}/platform/atomic-file.ts';
      await replaceFile(${JSON.stringify(folder.at('file'))}, async (write) => {
        write(Buffer.from('half of the new'));
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
    await replaceFileText(folder.at('file'), 'newer');
    expect(readdirSync(folder.path)).toEqual(beside);
    script.signal('SIGKILL');
    await script.ended;
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('newer');
    await replaceFileText(folder.at('file'), 'newest');
    expect(readdirSync(folder.path)).toEqual(['file']);
    expect(readFileSync(folder.at('file'), 'utf8')).toBe('newest');
  });

  it('is not disturbed by another writing of the same process', async () => {
    await using folder = await makeFolder({ file: 'old' });
    await replaceFile(folder.at('file'), async (write) => {
      write(Buffer.from('outer'));
      await replaceFileText(folder.at('file'), 'inner');
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
    await replaceFileText(folder.at('file'), 'new');
    expect(readdirSync(folder.path).sort()).toEqual([...others, 'file'].sort());
  });
});

it('syncDirectory: a directory that is not there is an error', async () => {
  await using folder = await makeFolder();
  expect(() => syncDirectory(folder.path)).not.toThrow();
  expect(() => syncDirectory(folder.at('missing'))).toThrow(/ENOENT/);
});
