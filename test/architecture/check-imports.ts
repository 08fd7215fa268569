import path from 'node:path';
import { BUILTINS_APART, ROOMS } from './layers.ts';
import type { Import, Module } from './read-modules.ts';
import type { Room } from './room.ts';

/** One breach of the layers: where it stands and what is not allowed there. */
export type Fault = { readonly file: string; readonly line: number; readonly message: string };

/** The room of a file under src/, by its longest matching path; undefined when it stands in none. */
export function roomOf(file: string, rooms: readonly Room[] = ROOMS): Room | undefined {
  const matches = rooms.flatMap((room) =>
    room.paths.filter((prefix) => isWithin(file, prefix)).map((prefix) => ({ room, length: prefix.length })),
  );
  return matches.sort((a, b) => b.length - a.length)[0]?.room;
}

function isWithin(file: string, prefix: string): boolean {
  const parts = prefix.split('*').map((part) => part.replace(/[.]/g, '\\.'));
  return new RegExp(`^${parts.join('[^/]+')}`).test(file);
}

/** Every breach of the layers, in file order: imports of rooms, built-ins and packages, and globals. */
export function checkImports(modules: readonly Module[]): readonly Fault[] {
  const files = new Set(modules.map((module) => module.file));
  return modules.flatMap((module) => {
    const room = roomOf(module.file);
    if (room === undefined) return [{ file: module.file, line: 1, message: 'stands in no room of layers.ts' }];
    const breach = (line: number, message: string | undefined): readonly Fault[] =>
      message === undefined ? [] : [{ file: module.file, line, message }];
    return [
      ...module.imports.flatMap((found) => breach(found.line, describeBreach({ module, room, found, files }))),
      ...module.globals.flatMap(({ name, line }) =>
        breach(line, room.withoutGlobals.includes(name) ? `${room.name} may not use ${name}` : undefined),
      ),
    ];
  });
}

type Question = {
  readonly module: Module;
  readonly room: Room;
  readonly found: Import;
  readonly files: ReadonlySet<string>;
};

function describeBreach(question: Question): string | undefined {
  const { room, module, found } = question;
  const { specifier } = found;
  if (specifier.startsWith('.')) return describeInnerBreach(question);
  if (specifier.startsWith('node:')) {
    const isInReach = BUILTINS_APART[specifier]?.test(module.file) ?? true;
    const allowed = isInReach && (room.builtins === 'all' || room.builtins.includes(specifier));
    return allowed ? undefined : `${room.name} may not import ${specifier}`;
  }
  const allowed = room.packages[specifier]?.test(module.file) ?? false;
  return allowed ? undefined : `${room.name} may not import ${specifier} here`;
}

function describeInnerBreach({ module, room, found, files }: Question): string | undefined {
  const target = path.posix.join(path.posix.dirname(module.file), found.specifier);
  if (!files.has(target)) return `${found.specifier} is no file under src/`;
  const targetRoom = roomOf(target);
  if (targetRoom === undefined) return `${target} stands in no room of layers.ts`;
  if (targetRoom === room) {
    return areStrangers(room, module.file, target) ? `${module.file} may not import ${target}` : undefined;
  }
  if (room.mayImport.includes(targetRoom.name)) return undefined;
  if (found.how === 'type' && room.mayImportTypesOf?.includes(targetRoom.name)) return undefined;
  const what = found.how === 'type' ? `types of ${targetRoom.name}` : targetRoom.name;
  return `${room.name} may not import ${what} (${target})`;
}

/** Folders of a room kept apart: neither may look into another; files beside the folders, like a registry, may. */
function areStrangers(room: Room, from: string, to: string): boolean {
  if (room.foldersApart !== true) return false;
  const folderOf = (file: string) => file.split('/').slice(0, -1).join('/');
  const home = room.paths[0]?.replace(/\/$/, '') ?? '';
  const below = (file: string) =>
    folderOf(file)
      .slice(home.length + 1)
      .split('/')[0] ?? '';
  return below(from) !== '' && below(to) !== '' && below(from) !== below(to);
}

/** Rings of files that import each other, types included, each listed once from its first file. */
export function listCycles(modules: readonly Module[]): readonly string[] {
  const next = new Map(
    modules.map(({ file, imports }) => [
      file,
      imports
        .filter(({ specifier }) => specifier.startsWith('.'))
        .map(({ specifier }) => path.posix.join(path.posix.dirname(file), specifier)),
    ]),
  );
  const cycles = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, trail: readonly string[]) => {
    const start = trail.indexOf(file);
    if (start >= 0) {
      const ring = trail.slice(start);
      const first = ring.indexOf(ring.toSorted()[0] ?? '');
      cycles.add([...ring.slice(first), ...ring.slice(0, first)].join(' -> '));
    } else if (!done.has(file)) {
      for (const target of next.get(file) ?? []) visit(target, [...trail, file]);
      done.add(file);
    }
  };
  for (const file of next.keys()) visit(file, []);
  return [...cycles];
}
