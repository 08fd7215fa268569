import { describe, expect, it } from 'vitest';
import {
  HEARTBEAT_LATE_MS,
  HEARTBEAT_TTL_MS,
  judgeLiveness,
  type LivenessJudgement,
} from '../../../src/core/diagnosis/judge-liveness.ts';
import type { LivenessFacts } from '../../../src/core/evidence/schema.ts';
import { LIVING } from '../../helpers/evidence-builders.ts';
import { SAMPLE_HOLDER } from '../../helpers/sample-evidence.ts';

const AGES_MS = [
  undefined,
  -HEARTBEAT_TTL_MS - 1,
  -HEARTBEAT_TTL_MS,
  0,
  HEARTBEAT_LATE_MS,
  HEARTBEAT_LATE_MS + 1,
  HEARTBEAT_TTL_MS,
  HEARTBEAT_TTL_MS + 1,
];

/** Every combination of what can be seen of a holder. */
const COMBINATIONS: readonly LivenessFacts[] = (['same', 'other'] as const).flatMap((host) =>
  (['same', 'other', 'unknown'] as const).flatMap((boot) =>
    (['held', 'free', 'missing', 'unreadable'] as const).flatMap((lock) =>
      (['same', 'other', 'gone', 'unknown'] as const).flatMap((process) =>
        [undefined, 'S', 'T', 't'].flatMap((processState) =>
          AGES_MS.map((ageMs) => ({
            host,
            boot,
            lock,
            process,
            ...(processState !== undefined && { processState }),
            ...(ageMs !== undefined && { heartbeatAgeMs: ageMs }),
          })),
        ),
      ),
    ),
  ),
);

/** A judgement as a word. */
function judge(facts: LivenessFacts): string {
  const judgement: LivenessJudgement = judgeLiveness(SAMPLE_HOLDER, facts);
  if (judgement.type === 'alive') return judgement.stalled ?? 'alive';
  return judgement.type === 'dead' ? judgement.proof : 'unknown';
}

const isOnThisBoot = ({ host, boot, lock }: LivenessFacts) => host === 'same' && boot !== 'other' && lock !== 'held';
const judgeAll = (change: Partial<LivenessFacts>) =>
  new Set(COMBINATIONS.map((facts) => judge({ ...facts, ...change })));

describe('judgeLiveness', () => {
  it('says until when a heartbeat counts where it is all that is known, and of a held lock never', () => {
    const told = COMBINATIONS.map((facts) => [facts, judgeLiveness(SAMPLE_HOLDER, facts)] as const).flatMap(
      ([facts, judged]) => (judged.type === 'alive' ? [[facts.lock === 'held', judged.deadFromMs] as const] : []),
    );
    expect(new Set(told.filter(([isHeld]) => isHeld).map(([, at]) => at))).toEqual(new Set([undefined]));
    const untilMs = SAMPLE_HOLDER.heartbeatAtMs + HEARTBEAT_TTL_MS;
    expect(new Set(told.filter(([isHeld]) => !isHeld).map(([, at]) => at))).toEqual(new Set([untilMs]));
  });

  it('holds a held lock for life in every combination of facts', () => {
    expect(judgeAll({ lock: 'held' })).toEqual(new Set(['alive', 'stopped', 'heartbeat_late']));
  });

  it('never calls dead, on one host and boot, a process that is there with its own start time', () => {
    expect(judgeAll({ lock: 'free', host: 'same', boot: 'same', process: 'same' })).toEqual(new Set(['unknown']));
    expect(judgeAll({ host: 'same', boot: 'unknown', process: 'same', lock: 'missing' })).toEqual(new Set(['unknown']));
  });

  it('takes another boot of the same host for death once its heartbeat is old, whatever the pid is now', () => {
    for (const lock of ['free', 'missing', 'unreadable'] as const) {
      const other = { lock, host: 'same', boot: 'other' } as const;
      expect(judgeAll({ ...other, heartbeatAgeMs: HEARTBEAT_TTL_MS + 1 })).toEqual(new Set(['boot_changed']));
      // Another host may have the same name, and whoever wrote that lives a moment ago.
      expect(judgeAll({ ...other, heartbeatAgeMs: HEARTBEAT_TTL_MS })).toEqual(new Set(['unknown']));
      expect(judgeAll({ ...other, heartbeatAgeMs: -HEARTBEAT_TTL_MS - 1 })).toEqual(new Set(['unknown']));
    }
  });

  it('says how long to wait until another boot can be told from another host', () => {
    const judgement = judgeLiveness(SAMPLE_HOLDER, {
      host: 'same',
      boot: 'other',
      lock: 'free',
      process: 'gone',
      heartbeatAgeMs: HEARTBEAT_TTL_MS - 12_000,
    });
    expect(judgement).toEqual({ type: 'unknown', reason: expect.stringMatching(/it can be told in 13 s$/) });
  });

  it('lets the heartbeat decide across hosts and boots alone', () => {
    for (const facts of COMBINATIONS.filter(isOnThisBoot)) {
      const { heartbeatAgeMs: _age, ...rest } = facts;
      expect(judge(facts)).toBe(judge(rest));
    }
    expect(judgeAll({ host: 'other', lock: 'missing' })).toEqual(new Set(['unknown', 'alive', 'heartbeat_expired']));
  });

  it.each<readonly [string, Partial<LivenessFacts>, string]>([
    ['a held lock and a fresh heartbeat', { heartbeatAgeMs: HEARTBEAT_LATE_MS }, 'alive'],
    ['a held lock and a late heartbeat', { heartbeatAgeMs: HEARTBEAT_LATE_MS + 1 }, 'heartbeat_late'],
    ['a held lock of a stopped process', { processState: 'T', heartbeatAgeMs: 0 }, 'stopped'],
    ['a held lock of a traced process', { processState: 't' }, 'stopped'],
    ['a free lock and no process', { lock: 'free', process: 'gone' }, 'lock_free'],
    ['a free lock in an unknown boot', { lock: 'free', process: 'unknown', boot: 'unknown' }, 'lock_free'],
    ['no lock file and no process', { lock: 'missing', process: 'gone' }, 'pid_gone'],
    ['no lock file and a reused pid', { lock: 'missing', process: 'other' }, 'pid_reused'],
    ['no lock file in an unknown boot', { lock: 'missing', process: 'gone', boot: 'unknown' }, 'unknown'],
    ['a lock nobody can read', { lock: 'unreadable', process: 'unknown' }, 'unknown'],
    ['another host, fresh', { lock: 'missing', host: 'other', heartbeatAgeMs: HEARTBEAT_TTL_MS }, 'alive'],
    [
      'another host, old',
      { lock: 'missing', host: 'other', heartbeatAgeMs: HEARTBEAT_TTL_MS + 1 },
      'heartbeat_expired',
    ],
    ['another host, a little ahead', { lock: 'missing', host: 'other', heartbeatAgeMs: -HEARTBEAT_TTL_MS }, 'alive'],
    ['another host, far ahead', { lock: 'missing', host: 'other', heartbeatAgeMs: -HEARTBEAT_TTL_MS - 1 }, 'unknown'],
    ['another host without heartbeat', { lock: 'missing', host: 'other' }, 'unknown'],
  ])('%s', (_what, change, expected) => {
    expect(judge({ ...LIVING, ...change })).toBe(expected);
  });
});
