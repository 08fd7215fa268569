/** Another user than the one who tests: for tests that run as root, who may look everywhere. */
import { execFileSync } from 'node:child_process';
import { constants, copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeFolder } from './make-folder.ts';

/** The id of a user and a group who own nothing. */
export const NOBODY = 65_534;

/** What a user without special rights sees; the tests may run as root, who may read everything. */
export async function withoutRights<T>(look: () => Promise<T>): Promise<T> {
  if (process.geteuid?.() !== 0) return look();
  process.seteuid?.(NOBODY);
  try {
    return await look();
  } finally {
    process.seteuid?.(0);
  }
}

/** How Salvor is started as somebody else; what was copied for him is gone at the end of the scope (`await using`). */
export type OtherUser = AsyncDisposable & { readonly uid: number; readonly node: string; readonly program: string };

/**
 * Makes ready to start Salvor as a user who owns nothing: with a Node.js and a bundle that everybody can reach, since the
 * checkout, and the Node.js in it, may be where nobody but their owner can go.
 */
export async function makeOtherUser(): Promise<OtherUser> {
  const folder = await makeFolder();
  copyFileSync(process.execPath, folder.at('node'), constants.COPYFILE_FICLONE);
  const checkout = fileURLToPath(new URL('../..', import.meta.url));
  for (const name of ['bin', 'dist', 'package.json'])
    cpSync(join(checkout, name), folder.at(name), { recursive: true });
  execFileSync('chmod', ['-R', 'a+rX', folder.path]);
  const dispose = () => folder[Symbol.asyncDispose]();
  return { uid: NOBODY, node: folder.at('node'), program: folder.at('bin/salvor.js'), [Symbol.asyncDispose]: dispose };
}
