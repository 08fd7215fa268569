/** The sources there are, one line each, and which one a target belongs to, by its content. */
import { statSync } from 'node:fs';
import { RecoveryError } from '../core/errors.ts';
import { NATIVE } from './native/source.ts';
import type { Source } from './source.ts';
import { TAU } from './tau/source.ts';

/** Every source, in the order targets are tried. */
const sources: Source[] = [NATIVE, TAU];
export const SOURCES: readonly Source[] = sources;

/** Adds a source, behind those there are. */
export function registerSource(source: Source): void {
  sources.push(source);
}

/** The source of the place that is taken when none is named. */
export const DEFAULT_SOURCE = NATIVE;

/** The source of that name; undefined of a place that could not be opened. */
export function sourceOf({ source }: { readonly source: string }): Source | undefined {
  return SOURCES.find(({ name }) => name === source);
}

/**
 * Finds the source of a target.
 *
 * Errors: TARGET_UNKNOWN, saying what was looked for; STATE_UNREADABLE when it may not be looked at.
 * Source: contract, commands (TARGET).
 */
export function detectSource(target: string, forced?: string): Source {
  const found = forced === undefined ? SOURCES.find((source) => source.detect(target)) : sourceOf({ source: forced });
  if (found) return found;
  const lookedFor = SOURCES.map((source) => source.lookedFor);
  throw new RecoveryError('TARGET_UNKNOWN', `${target} ${describeTarget(target)}; looked for ${lookedFor.join(', ')}`, {
    details: { target, looked_for: lookedFor },
  });
}

function describeTarget(target: string): string {
  const stats = statSync(target, { throwIfNoEntry: false });
  if (!stats) return 'does not exist';
  return `is a ${stats.isDirectory() ? 'directory' : 'file'} of no known kind`;
}
