import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory of one's own, gone at the end of the scope (`await using`). */
export type Folder = AsyncDisposable & {
  readonly path: string;
  readonly at: (name: string) => string;
  /** Writes a file and answers its path; a name that ends in `.sh` can be executed. */
  readonly write: (name: string, content: string | Uint8Array) => Promise<string>;
};

/** Makes a fresh directory with these files in it. */
export async function makeFolder(files: Readonly<Record<string, string | Uint8Array>> = {}): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), 'salvor-test-'));
  const at = (name: string) => join(path, name);
  const folder: Folder = {
    path,
    at,
    write: async (name, content) => {
      await writeFile(at(name), content);
      if (name.endsWith('.sh')) await chmod(at(name), 0o755);
      return at(name);
    },
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
  for (const [name, content] of Object.entries(files)) await folder.write(name, content);
  return folder;
}
