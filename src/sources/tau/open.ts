import type { Clock, JobPlace } from '../../core/ports.ts';
import type { TauRequest } from './collect.ts';
import type { SolePlace } from './read.ts';

/**
 * Opens a Tau state directory when it is first asked for something: what reads it is not loaded before.
 *
 * Errors of every method: TARGET_UNKNOWN when it is no directory.
 */
export function openTauPlace(path: string, clock: Clock, request: TauRequest = {}): JobPlace {
  let opened: Promise<SolePlace> | undefined;
  const open = (): Promise<SolePlace> => {
    opened ??= import('./read.ts').then(({ makeTauPlace }) => makeTauPlace(path, clock, request));
    return opened;
  };
  return {
    sole: async () => (await open()).sole(),
    list: async (query) => (await open()).list(query),
    collect: async (jobId, answers) => (await open()).collect(jobId, answers),
    units: async (jobId, query) => (await open()).units(jobId, query),
    namedUnits: async (jobId, names) => (await open()).namedUnits(jobId, names),
    audit: async (jobId) => (await open()).audit(jobId),
    logTail: async (jobId, lineCount) => (await open()).logTail(jobId, lineCount),
    report: async (jobId) => (await open()).report(jobId),
    foreignReport: async (jobId) => (await open()).foreignReport?.(jobId),
    find: async (reference, limit) => (await open()).find(reference, limit),
    watch(onChange) {
      let stop: (() => void) | undefined;
      let isStopped = false;
      open()
        .then((place) => {
          if (!isStopped) stop = place.watch(onChange);
        })
        // Whoever lists the place is told why it cannot be opened.
        .catch(() => {});
      return () => {
        isStopped = true;
        stop?.();
      };
    },
  };
}
