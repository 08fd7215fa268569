import { type FileOperations, systemFileOperations } from '../../../../src/platform/files/file-operations.ts';

/** The system's calls, one of which goes wrong. `calls` names those made, the one that failed last. */
export type FragileOperations = { readonly operations: FileOperations; readonly calls: string[] };

/** What goes wrong at the call with this number: the process is gone from then on, or this one call fails. */
export type Fault = { readonly at: number; readonly how: 'dies' | 'fails'; readonly withoutLinks?: boolean };

/** Makes real calls until the fault. */
export function makeFragileOperations({ at, how, withoutLinks = false }: Fault): FragileOperations {
  const calls: string[] = [];
  const reach = (name: string) => {
    calls.push(name);
    const count = calls.length;
    if (how === 'dies' ? count > at : count === at + 1) {
      throw Object.assign(new Error(`ENOSPC: fault at ${name}`), { code: 'ENOSPC' });
    }
  };
  const system = systemFileOperations;
  const operations: FileOperations = {
    ...system,
    makeDirectory: async (path) => {
      reach('makeDirectory');
      await system.makeDirectory(path);
    },
    create: async (path, attributes) => {
      reach('create');
      const file = await system.create(path, attributes);
      return {
        // Less than what was asked at first, as near a full disk.
        write: (bytes, offset) => {
          reach('write');
          return file.write(offset === 0 ? bytes.subarray(0, Math.ceil(bytes.length / 2)) : bytes, offset);
        },
        sync: () => {
          reach('sync');
          return file.sync();
        },
        close: async () => {
          // The kernel closes what a dead process had open.
          await file.close();
          reach('close');
        },
      };
    },
    link: async (from, to) => {
      reach('link');
      if (withoutLinks) throw Object.assign(new Error('EPERM: no links here'), { code: 'EPERM' });
      await system.link(from, to);
    },
    rename: async (from, to) => {
      reach('rename');
      await system.rename(from, to);
    },
    remove: async (path) => {
      reach('remove');
      await system.remove(path);
    },
    syncDirectory: async (path) => {
      reach('syncDirectory');
      await system.syncDirectory(path);
    },
    list: async (path) => {
      reach('list');
      return system.list(path);
    },
    look: async (path) => {
      reach('look');
      return system.look(path);
    },
  };
  return { operations, calls };
}
