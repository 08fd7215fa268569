import { openJobStore } from '../../store/open-store.ts';
import { isStateDirectory, STORE_FILE } from '../../store/state-directory.ts';
import { isStoreUrl } from '../../store/store-url.ts';
import { actLater } from '../act-later.ts';
import type { Source } from '../source.ts';
import { makeNativePlace } from './read.ts';

/** Salvor's own store, in a state directory or a database. What a list does not need is loaded when it is asked for. */
export const NATIVE: Source = {
  name: 'native',
  lookedFor: `a Salvor state directory (with ${STORE_FILE} in it) or the postgres:// URL of one`,
  detect: (path) => isStoreUrl(path) || isStateDirectory(path),
  open: (path, { nowMs }) => makeNativePlace(openJobStore(path, { nowMs })),
  act: (path, { runner, ...acting }) =>
    actLater(
      async () => {
        const { makeNativeActuator } = await import('./act.ts');
        return makeNativeActuator({ ...acting, ...runner, openStore: () => openJobStore(path, acting.clock) });
      },
      { hasRows: true },
    ),
  actsApart: true,
  findLost: async (path, { nowMs }) => (await openJobStore(path, { nowMs }).regressions?.lost()) ?? [],
  repair: async (job, path, { nowMs }) =>
    (await import('./repair.ts')).planRepair(() => openJobStore(path, { nowMs }), job),
};
