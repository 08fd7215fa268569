/** Files of this host as checkpoint formats reach them. */
import { opendir } from 'node:fs/promises';
import { type CheckpointFiles, SIGHT_BYTES, SIGHT_NAMES, type Sight } from '../../core/checkpoint/format.ts';
import { type LinkRule, openRegularFile, readIdentity } from './open-regular-file.ts';

/** Makes the files of this host, with what a link in the place of one is. Errors: none. */
export function makeHostFiles(links: LinkRule = 'followed'): CheckpointFiles {
  const open: CheckpointFiles['open'] = async (path) => {
    const opened = await openRegularFile(path, links);
    if (opened.type === 'problem') return opened;
    const { file, sizeBytes, identity } = opened;
    return {
      type: 'open',
      file: {
        sizeBytes,
        identity,
        read: async (into, offset) => (await file.read(into, 0, into.length, offset)).bytesRead,
        readIdentity: () => readIdentity(file),
        close: () => file.close(),
      },
    };
  };
  return { open, look: (path) => look(path, open) };
}

/** Files of this host, links followed. */
export const hostFiles: CheckpointFiles = makeHostFiles();

async function look(path: string, open: CheckpointFiles['open']): Promise<Sight> {
  const sight = { path, sizeBytes: 0, firstBytes: new Uint8Array(0), names: [] };
  const names = await listNames(path);
  if (names) return { ...sight, kind: 'directory', names };
  const opened = await open(path);
  if (opened.type === 'problem') return { ...sight, kind: opened.problem.reason === 'missing' ? 'missing' : 'other' };
  const { file } = opened;
  try {
    const into = new Uint8Array(SIGHT_BYTES);
    const firstBytes = into.subarray(0, await file.read(into, 0));
    return { ...sight, kind: 'file', sizeBytes: file.sizeBytes, firstBytes };
  } catch {
    return { ...sight, kind: 'other' };
  } finally {
    await file.close();
  }
}

/** The names in a directory that may be listed; undefined for anything else. */
async function listNames(path: string): Promise<readonly string[] | undefined> {
  const names: string[] = [];
  try {
    for await (const { name } of await opendir(path)) {
      if (names.length === SIGHT_NAMES) break;
      names.push(name);
    }
    return names;
  } catch {
    return undefined;
  }
}
