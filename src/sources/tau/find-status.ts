import { closeSync, openSync, readSync, realpathSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { TauLayout } from './layout.ts';
import { type JsonFile, readJsonFile } from './read-json-file.ts';
import { TRAINING_STATUS } from './schema.ts';

/** How far above the state directory a relative store path may begin: its project. */
const PARENTS = 4;
const SQLITE_MAGIC = 'SQLite format 3\0';

/** The training status and where it was found. */
export type FoundStatus = { readonly path: string; readonly file: JsonFile };

/**
 * Finds the training status. The trainer writes it beside its SQLite store, and that may be elsewhere: where the state
 * directory says so, by a link to the store or by a `store_path`, the status beside the store counts as well, and the
 * newest of them is the status.
 *
 * Shapes: a store path is foreign text, so it leads to nothing but a `status.json` beside a real SQLite file.
 * Errors: none; a status that is damaged is told as such, before any other.
 * Source: formats/tau 2 and 4.6.
 */
export async function findStatus(
  layout: TauLayout,
  state: Readonly<Record<string, unknown>> | undefined,
): Promise<FoundStatus> {
  const own: FoundStatus = { path: layout.status, file: await readJsonFile(layout.status, TRAINING_STATUS) };
  if (own.file.state === 'invalid' || own.file.state === 'unreadable') return own;
  const named = [state?.['store_path'], own.file.state === 'valid' ? own.file.value['store_path'] : undefined];
  const stores = [layout.store, ...named.flatMap((path) => resolveStore(path, layout.directory))];
  let newest = own;
  for (const path of new Set(stores.flatMap((store) => findBeside(store, layout.status)))) {
    const file = await readJsonFile(path, TRAINING_STATUS);
    if (file.state === 'missing') continue;
    if (file.state !== 'valid') return { path, file };
    if (newest.file.state !== 'valid' || updatedAt(file.value) > updatedAt(newest.file.value)) newest = { path, file };
  }
  return newest;
}

function updatedAt(value: Readonly<Record<string, unknown>>): number {
  const updated = value['updated_unix_ms'];
  return typeof updated === 'number' ? updated : Number.MAX_SAFE_INTEGER;
}

/** Where a named store may be: as it says, or from the state directory or its project on. */
function resolveStore(named: unknown, directory: string): readonly string[] {
  if (typeof named !== 'string' || named === '' || named.includes('\0')) return [];
  if (isAbsolute(named)) return [named];
  const found: string[] = [];
  for (let base = directory, up = 0; up < PARENTS; base = dirname(base), up += 1) found.push(join(base, named));
  return found;
}

function findBeside(store: string, own: string): readonly string[] {
  try {
    const real = realpathSync(store);
    if (!statSync(real).isFile() || readMagic(real) !== SQLITE_MAGIC) return [];
    const path = join(dirname(real), 'status.json');
    return path === own ? [] : [path];
  } catch {
    return [];
  }
}

function readMagic(path: string): string {
  const descriptor = openSync(path, 'r');
  try {
    const bytes = Buffer.alloc(SQLITE_MAGIC.length);
    return bytes.toString('latin1', 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}
