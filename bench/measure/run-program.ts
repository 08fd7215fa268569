import { spawnSync } from 'node:child_process';
import path from 'node:path';

/** The file that starts Salvor. */
export const PROGRAM = path.join(import.meta.dirname, '../../bin/salvor.js');

/** What nobody's settings may change. */
const SETTINGS = /^(SALVOR_|NODE_OPTIONS$|NO_COLOR$|FORCE_COLOR$|CI$)/;

/** An environment without anybody's settings. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !SETTINGS.test(name)));
}

/**
 * Runs Node.js with arguments, from start to exit, its output read through pipes. Returns milliseconds.
 *
 * Errors: Error with what the program said when its exit code is not the one expected.
 */
export function timeNode(args: readonly string[], expectedCode = 0): number {
  const startedMs = performance.now();
  const { status, stderr } = spawnSync(process.execPath, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: cleanEnvironment(),
    maxBuffer: 2 ** 30,
  });
  const durationMs = performance.now() - startedMs;
  if (status !== expectedCode) throw new Error(`node ${args.join(' ')} ended with ${status}: ${stderr}`);
  return durationMs;
}

/** Runs Salvor from start to exit. See `timeNode`. */
export function timeSalvor(args: readonly string[], expectedCode = 0): number {
  return timeNode([PROGRAM, ...args], expectedCode);
}
