/** Starts the servers that the services ring shares, once, and stops them at its end. */
import type { TestProject } from 'vitest/node';
import { startPostgres } from './helpers/postgres-server.ts';

declare module 'vitest' {
  // biome-ignore lint/style/useConsistentTypeDefinitions: vitest's own interface is added to.
  interface ProvidedContext {
    databaseUrl: string;
  }
}

// biome-ignore lint/style/noDefaultExport: vitest asks for it.
export default async function setup(project: TestProject): Promise<() => void> {
  const server = await startPostgres();
  project.provide('databaseUrl', server.url);
  return () => server[Symbol.dispose]();
}
