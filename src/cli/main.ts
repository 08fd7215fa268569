/** The first thing that runs: it loads what a command line needs, and nothing else. */
import { writeDescriptor } from '../platform/write-descriptor.ts';

declare const __SALVOR_VERSION__: string | undefined;
const VERSION = typeof __SALVOR_VERSION__ === 'string' ? __SALVOR_VERSION__ : '0.0.0-source';

/**
 * Runs Salvor with a command line and returns its exit code.
 *
 * Errors: none thrown; every error is told and has its exit code.
 * Source: contract, commands and exit codes.
 */
export async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && argv[0] === '--version') {
    try {
      writeDescriptor(1, `${VERSION}\n`);
      return 0;
    } catch {
      // It cannot be said: what tells of that is not loaded yet.
    }
  }
  const { runCommandLine } = await import('./run-command-line.ts');
  return runCommandLine(argv, { version: VERSION, distDirectory: import.meta.dirname });
}
