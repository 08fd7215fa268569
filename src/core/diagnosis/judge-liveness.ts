import type { LeaseHolder, LivenessFacts } from '../evidence/schema.ts';
import type { DeathProof } from './schema.ts';

/** How long a heartbeat counts for across hosts; on one host only the lock and the process decide. */
export const HEARTBEAT_TTL_MS = 60_000;
/** From this age on, a living runner's heartbeat is called late. */
export const HEARTBEAT_LATE_MS = 30_000;

/**
 * What is known of the holder. `alive` may be `late` or `stopped`, or known from a heartbeat alone: then it counts as
 * dead from `deadFromMs` (epoch milliseconds) on, unless it is heard of again. `unknown` says why nothing can be told.
 */
export type LivenessJudgement =
  | { readonly type: 'alive'; readonly stalled?: 'stopped' | 'heartbeat_late'; readonly deadFromMs?: number }
  | { readonly type: 'dead'; readonly proof: DeathProof }
  | { readonly type: 'unknown'; readonly reason: string };

/**
 * Decides whether the recorded holder lives.
 *
 * A held lock is life, whatever names, clocks and heartbeats say. On one boot of one host a free lock is death; the
 * pid's identity decides when the lock file is gone. Another boot is death once the heartbeat is old: a fresh one may
 * come from a host or container of the same name. Across hosts the heartbeat alone decides, and there a fresh one is
 * life, an old one death, and one from the future is unknown.
 *
 * Errors: none.
 * Source: design, rule 2.
 */
export function judgeLiveness(holder: LeaseHolder, facts: LivenessFacts): LivenessJudgement {
  if (facts.lock === 'held') return judgeLiving(facts);
  if (facts.host === 'other') return judgeByHeartbeat(holder, facts);
  if (facts.boot === 'other') return judgeOtherBoot(holder, facts);
  if (facts.process === 'same') {
    return { type: 'unknown', reason: `process ${holder.pid} lives but its lock is ${facts.lock}` };
  }
  if (facts.lock === 'free') return { type: 'dead', proof: 'lock_free' };
  if (facts.boot === 'unknown') return { type: 'unknown', reason: 'the boot id of this host cannot be read' };
  if (facts.process === 'gone') return { type: 'dead', proof: 'pid_gone' };
  if (facts.process === 'other') return { type: 'dead', proof: 'pid_reused' };
  return { type: 'unknown', reason: `the lock is ${facts.lock} and process ${holder.pid} cannot be looked at` };
}

function judgeLiving(facts: LivenessFacts): LivenessJudgement {
  if (facts.processState === 'T' || facts.processState === 't') return { type: 'alive', stalled: 'stopped' };
  const late = facts.heartbeatAgeMs !== undefined && facts.heartbeatAgeMs > HEARTBEAT_LATE_MS;
  return late ? { type: 'alive', stalled: 'heartbeat_late' } : { type: 'alive' };
}

/** This host was started anew, or the holder is on another one that has its name: for a while nothing tells which. */
function judgeOtherBoot({ host }: LeaseHolder, { heartbeatAgeMs: ageMs }: LivenessFacts): LivenessJudgement {
  if (ageMs === undefined || ageMs > HEARTBEAT_TTL_MS) return { type: 'dead', proof: 'boot_changed' };
  if (ageMs < -HEARTBEAT_TTL_MS) {
    return { type: 'unknown', reason: `the heartbeat from another boot of ${host} lies in the future` };
  }
  const waitSeconds = Math.ceil((HEARTBEAT_TTL_MS - ageMs + 1) / 1000);
  const reason = `its heartbeat is from another boot of ${host}, or from another host of that name, and is fresh; it can be told in ${waitSeconds} s`;
  return { type: 'unknown', reason };
}

function judgeByHeartbeat(holder: LeaseHolder, facts: LivenessFacts): LivenessJudgement {
  const ageMs = facts.heartbeatAgeMs;
  if (ageMs === undefined) return { type: 'unknown', reason: `host ${holder.host} left no heartbeat` };
  if (ageMs < -HEARTBEAT_TTL_MS) {
    return { type: 'unknown', reason: `the heartbeat from host ${holder.host} lies in the future` };
  }
  if (ageMs > HEARTBEAT_TTL_MS) return { type: 'dead', proof: 'heartbeat_expired' };
  return { type: 'alive', deadFromMs: holder.heartbeatAtMs + HEARTBEAT_TTL_MS };
}
