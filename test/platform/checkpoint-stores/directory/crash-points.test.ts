import { execFileSync } from 'node:child_process';
import { linkSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { policyJson } from '../../../../src/platform/checkpoint-formats/policy-json/policy-json.ts';
import { openDirectoryStore } from '../../../../src/platform/checkpoint-stores/directory/open-directory-store.ts';
import { type FileOperations, systemFileOperations } from '../../../../src/platform/files/file-operations.ts';
import { type Folder, makeFolder } from '../../../helpers/make-folder.ts';
import { contentOf } from '../contract.ts';
import { type Fault, makeFragileOperations } from './fragile-operations.ts';

const openStore = (folder: Folder, operations = systemFileOperations) =>
  openDirectoryStore(policyJson, folder.path, { waitMs: 0, operations });

const save = (folder: Folder, globalStep: number, operations = systemFileOperations) =>
  openStore(folder, operations).save(contentOf(globalStep));

async function loadStep(folder: Folder): Promise<number> {
  return Number((await openStore(folder).load({ fallback: true })).checkpoint.head.globalStep);
}

/** What a directory holds before the save that dies; each has a valid generation with step 2. */
const BEFORE = {
  'a primary': async (folder: Folder) => {
    await save(folder, 2);
  },
  'both generations': async (folder: Folder) => {
    await save(folder, 1);
    await save(folder, 2);
  },
  'a fallback alone': async (folder: Folder) => {
    await save(folder, 2);
    await save(folder, 3);
    rmSync(folder.at('policy-checkpoint.json'));
  },
  'a broken primary': async (folder: Folder) => {
    await save(folder, 2);
    await save(folder, 3);
    writeFileSync(folder.at('policy-checkpoint.json'), '{"checkpoint_version":1,');
  },
  'a broken fallback': async (folder: Folder) => {
    await save(folder, 1);
    await save(folder, 2);
    writeFileSync(folder.at('policy-checkpoint.rollback.json'), '');
  },
  'one file under both names': async (folder: Folder) => {
    await save(folder, 2);
    linkSync(folder.at('policy-checkpoint.json'), folder.at('policy-checkpoint.rollback.json'));
  },
} as const;

type Start = keyof typeof BEFORE;

/** Copies a directory; one file under two names stays one. */
function copyFolder(from: Folder, to: Folder): void {
  execFileSync('cp', ['-a', `${from.path}/.`, to.path]);
}

/** Visible files with their content; a lock file has none. */
function snapshot(folder: Folder): Readonly<Record<string, string>> {
  const names = readdirSync(folder.path).filter((name) => name !== '.policy-checkpoint.lock');
  return Object.fromEntries(names.sort().map((name) => [name, readFileSync(folder.at(name), 'utf8')]));
}

type Act = (folder: Folder, operations: FileOperations, calls: readonly string[]) => Promise<void>;

/** Runs an action once for every call it makes, with the fault at that call; answers how many calls there are. */
async function atEveryCall(fault: Omit<Fault, 'at'>, start: Start, act: Act): Promise<number> {
  await using template = await makeFolder();
  await BEFORE[start](template);
  for (let at = 0; ; at++) {
    await using folder = await makeFolder();
    copyFolder(template, folder);
    const { operations, calls } = makeFragileOperations({ at, ...fault });
    await act(folder, operations, calls);
    if (calls.length <= at) return at;
  }
}

const CASES: readonly (readonly [start: keyof typeof BEFORE, withoutLinks: boolean])[] = [
  ['a primary', false],
  ['both generations', false],
  ['both generations', true],
  ['a fallback alone', false],
  ['a broken primary', false],
  ['a broken primary', true],
  ['a broken fallback', false],
  ['one file under both names', false],
];

test.each(CASES)(
  'saveCheckpoint: dying before any call with %s (no links: %s) leaves a valid generation',
  async (start, withoutLinks) => {
    const count = await atEveryCall({ how: 'dies', withoutLinks }, start, async (folder, operations, calls) => {
      const outcome = await save(folder, 4, operations).then(
        () => 'saved',
        () => 'died',
      );
      const step = await loadStep(folder);
      expect([2, 4], calls.join(' ')).toContain(step);
      if (outcome === 'saved') expect(step).toBe(4);
      await save(folder, 5);
      expect(await loadStep(folder)).toBe(5);
      expect(readdirSync(folder.path).filter((file) => file.endsWith('.tmp'))).toEqual([]);
    });
    expect(count).toBeGreaterThan(10);
  },
);

test('saveCheckpoint: any one call that fails is told; until the old files move, everything is as it was', async () => {
  const seen = new Set<string>();
  await atEveryCall({ how: 'fails' }, 'both generations', async (folder, operations, calls) => {
    const before = snapshot(folder);
    const outcome = await save(folder, 4, operations).catch((error) => error.code);
    expect([2, 4], calls.join(' ')).toContain(await loadStep(folder));
    if (typeof outcome !== 'string') return;
    expect(outcome).toBe('CHECKPOINT_NOT_SAVED');
    const hasMoved = calls.includes('link') && calls.includes('rename');
    if (!hasMoved) expect(snapshot(folder)).toEqual(before);
    for (const call of calls) seen.add(call);
  });
  expect([...seen].sort()).toEqual([
    'close',
    'create',
    'link',
    'list',
    'look',
    'remove',
    'rename',
    'sync',
    'syncDirectory',
    'write',
  ]);
});
