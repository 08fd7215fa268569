/**
 * What keeps two from acting on one row, each with how it is taken away, and the scene and order that notice. Every test
 * run plays these orders. Where guards stand behind each other, any is enough, and they are taken away together:
 *
 * - that a job is taken as it was seen is checked before its lease is taken and, for good, with it
 * - a word is stale by who held the job since, by the row, by who holds it now and by his last sign of life
 * - a runner that was taken over, or whoever writes back beside one, still writes what is true then
 */
import type { Change } from './bundle-actor.ts';
import type { SCENES } from './scenes.ts';

/** One guard. `changes` take it away; then `order` goes wrong. */
export type Guard = {
  readonly scene: keyof typeof SCENES;
  readonly order: string;
  readonly changes: readonly Change[];
};

const JOURNAL = 'src/runner/commit-journal.ts';
const HOLD = 'src/runner/hold-lease.ts';
const HELD = 'src/store/sqlite/held-job.ts';
const ACT = 'src/sources/native/act.ts';
const SETTLE = 'src/sources/native/settle.ts';
const CHECK_SETTLE = 'src/core/plan/check-settle.ts';
const CANCEL = 'src/sources/native/cancel.ts';

export const GUARDS = {
  'a commit checks the fence': {
    scene: 'a runner that is not heard of, and another runner',
    order: 'R1*5,T,R1*3,R2*6,R1*6,R2*4',
    changes: [{ file: HELD, find: 'checkHeld();\n        journal.begin();', replace: 'journal.begin();' }],
  },
  'an effect is begun by the holder alone': {
    scene: 'a runner on another host, and one who cancels',
    order: 'R1*7,C*8,R1*4',
    changes: [{ file: HELD, find: 'readStore(database, checkHeld)', replace: 'undefined' }],
  },
  'a runner says that it lives before it goes on': {
    scene: 'a runner that is not heard of, and a person',
    order: 'R1*7,T,P*4,R1,K,P*4',
    changes: [{ file: JOURNAL, find: 'heart.ageMs() >= FRESH_MS', replace: 'false' }],
  },
  'what a hook says is recorded by the holder alone': {
    scene: 'a runner that is not heard of and asks a hook, and another runner',
    order: 'R1*5,T,R1*3,R2*11,R1*5,R2*6',
    changes: [{ file: HELD, find: 'checkHeld();\n        journal.begin();', replace: 'journal.begin();' }],
  },
  'rows are put back by the holder alone': {
    scene: 'a restart that is not heard of, and another runner',
    order: 'R1*6,T,R2*12,R1*4',
    changes: [{ file: HELD, find: "checkHeld();\n        if (how === 'reset')", replace: "if (how === 'reset')" }],
  },
  'the last word is the holder’s': {
    scene: 'a runner on another host, and one who cancels',
    order: 'R1*11,C*8,R1*2',
    changes: [{ file: HELD, find: 'checkHeld();\n        const isAsSeen', replace: 'const isAsSeen' }],
  },
  'a job is taken as it was seen': {
    scene: 'two runners',
    order: 'R2*3,R1*14,R2*7',
    changes: [{ file: HOLD, find: '(state) => checkUnchanged(state, expected)', replace: '() => {}' }],
  },
  'a job whose journal went on is not taken': {
    scene: 'a person, and a restart',
    order: 'R1*4,P*8,R1*15',
    changes: [
      {
        file: HOLD,
        find: "{ fact: 'journal', was: expected.journalSequence, is: journalSequence },",
        replace: '',
      },
      { file: ACT, find: 'checkBasis(approved.plan, { seen: approved.evidence, now });', replace: '{}' },
    ],
  },
  'a word is about the job as it was seen': {
    scene: 'two persons, and a runner',
    order: 'P2*5,P1*2,R1*7,P1*6',
    changes: [{ file: SETTLE, find: 'if (found !== order.epoch)', replace: 'if (false)' }],
  },
  'a word is about the row as it was seen': {
    scene: 'two persons, and a runner',
    order: 'R1*6,P2*9,P1*5,R1*4,P1*5',
    changes: [{ file: CHECK_SETTLE, find: 'unit.eventSequence !== word.seenSequence', replace: 'false' }],
  },
  'a row that a runner has in hand is not settled': {
    scene: 'a runner that dies, and a person',
    order: 'R1*10,P*10,R1*4',
    changes: [
      {
        file: CHECK_SETTLE,
        find: 'checkRunner(facts, row, details) ??\n      checkSeen(word, row, details) ??\n',
        replace: '',
      },
    ],
  },
  'what was seen beside a living runner is not known of a dead one': {
    scene: 'a runner that dies, and a person',
    order: 'R1*7,P*5,R1,K,P*5',
    changes: [{ file: CHECK_SETTLE, find: '      checkSeen(word, row, details) ??\n', replace: '' }],
  },
  'what was seen before a sign of life is not known after it': {
    scene: 'a runner that is not heard of twice, and a person',
    order: 'R1*7,T1,P*4,R1*2,T2,P*4,R1*2',
    changes: [{ file: CHECK_SETTLE, find: 'checkRevived(facts, word, { row, details })', replace: 'undefined' }],
  },
  'whoever counts as dead is fenced by a word': {
    scene: 'a runner that is not heard of, and a person',
    order: 'R1*7,T,R1,P*8,R1*4',
    changes: [{ file: SETTLE, find: 'const isFenced = needsFence(facts)', replace: 'const isFenced = false' }],
  },
  'a cancel is of the job as it was seen': {
    scene: 'a runner, and one who cancels',
    order: 'C*5,R1*14,C*4',
    changes: [
      { file: CANCEL, find: 'epoch !== evidence.recorded.epoch || !expected.includes(status)', replace: 'false' },
    ],
  },
  'a cancel takes an epoch': {
    scene: 'a runner on another host, and one who cancels',
    order: 'R1*11,C*8,R1*2',
    changes: [
      { file: CANCEL, find: "fence: { purpose: 'cancel', principal },", replace: '' },
      { file: CANCEL, find: 'epoch: epoch + 1, ', replace: '' },
    ],
  },
  'what is written back is true when it is': {
    scene: 'a runner that writes back, a person, and one who writes back',
    order: 'W*6,R1*3,P*13,R1*4,W',
    changes: [
      {
        file: 'src/runner/kinds/batch/write-back-batch.ts',
        find: 'if (!isSame(current, pickRecorded(state)))',
        replace: 'if (false)',
      },
    ],
  },
  'a restart has keys of its own': {
    scene: 'a runner that dies, and a restart, with a hook',
    order: 'R1,K,R2*16,P*4',
    changes: [{ file: HELD, find: "if (how === 'reset') raiseGeneration(database, seq);", replace: '' }],
  },
  'a run that is asked to stop begins no other row': {
    scene: 'a runner that is asked to stop, and another runner',
    order: 'R1,S,R1*18,R2*4',
    changes: [
      {
        file: 'src/runner/run-units.ts',
        find: 'while (!halted && !broken && !signal.aborted)',
        replace: 'while (!halted && !broken)',
      },
    ],
  },
  'a run that is asked to stop ends as stopped': {
    scene: 'a runner that is asked to stop, and another runner',
    order: 'R1,S,R1*10,R2*17',
    changes: [{ file: 'src/runner/run-units.ts', find: "isStopped ? 'stopped' : ", replace: '' }],
  },
} as const satisfies Readonly<Record<string, Guard>>;
