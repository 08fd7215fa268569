import { existsSync, mkdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { detectSource, SOURCES } from '../../src/sources/registry.ts';
import { openStore } from '../../src/store/sqlite/database.ts';
import { makeFolder } from '../helpers/make-folder.ts';
import { hashFiles } from '../helpers/state.ts';

describe('detectSource', () => {
  it('knows a state directory by its store, and changes nothing', async () => {
    await using folder = await makeFolder();
    openStore(folder.at('state')).close();
    const before = hashFiles(folder.path);
    expect(detectSource(folder.at('state')).name).toBe('native');
    expect(hashFiles(folder.path)).toEqual(before);
  });

  it('knows it even when its store is damaged, so that it is told as such', async () => {
    await using folder = await makeFolder({ 'salvor.db': 'shopping list' });
    expect(detectSource(folder.path).name).toBe('native');
  });

  it.each([
    ['missing', 'does not exist'],
    ['file', 'is a file of no known kind'],
    ['file/below', 'does not exist'],
    ['empty', 'is a directory of no known kind'],
    ['odd', 'is a directory of no known kind'],
  ])('TARGET_UNKNOWN: %s %s', async (name, what) => {
    await using folder = await makeFolder({ file: 'x' });
    mkdirSync(folder.at('empty'));
    mkdirSync(folder.at('odd/salvor.db'), { recursive: true });
    const lookedFor = SOURCES.map((source) => source.lookedFor);
    expect(() => detectSource(folder.at(name))).toThrow(
      expect.objectContaining({
        code: 'TARGET_UNKNOWN',
        message: `${folder.at(name)} ${what}; looked for ${lookedFor.join(', ')}`,
        details: { target: folder.at(name), looked_for: lookedFor },
      }),
    );
  });

  it('takes what is forced without looking, and knows no other', async () => {
    await using folder = await makeFolder();
    expect(detectSource(folder.at('missing'), 'native').name).toBe('native');
    expect(() => detectSource(folder.path, 'constructor')).toThrow(expect.objectContaining({ code: 'TARGET_UNKNOWN' }));
  });

  it('STATE_UNREADABLE: it cannot be looked at', async () => {
    await using folder = await makeFolder();
    const tooLong = folder.at('x'.repeat(300));
    expect(() => detectSource(tooLong)).toThrow(expect.objectContaining({ code: 'STATE_UNREADABLE' }));
  });
});

it.each(SOURCES.map(({ name }) => name))('source %s is held to the contract of sources', (name) => {
  expect(existsSync(new URL(`contract/${name}.test.ts`, import.meta.url))).toBe(true);
});
