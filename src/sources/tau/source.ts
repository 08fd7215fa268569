import { actLater } from '../act-later.ts';
import type { Source } from '../source.ts';
import { isTauDirectory } from './detect.ts';
import { findPolicyPaths } from './find-policy-paths.ts';
import { openTauPlace } from './open.ts';

/** Tau's state directories: one directory is one job. */
export const TAU: Source = {
  name: 'tau',
  lookedFor: 'a Tau state directory (with control-state.json, control-audit.jsonl or policy-checkpoint.json in it)',
  detect: isTauDirectory,
  isSole: true,
  open: openTauPlace,
  act: (path, acting) =>
    actLater(async () => {
      const { makeTauActuator } = await import('./act.ts');
      return makeTauActuator({ ...acting, path });
    }),
  policyPaths: findPolicyPaths,
  repair: async (_job, path, { nowMs }) => (await import('./repair.ts')).planRepair(path, nowMs()),
  status: async (path, principal) => (await import('./read-status-answer.ts')).readStatusAnswer(path, principal),
  helper: { word: '__trainer', run: async (nowMs) => (await import('./run-trainer.ts')).runTrainer(nowMs) },
};
