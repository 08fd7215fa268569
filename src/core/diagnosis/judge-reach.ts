import type { LivenessFacts } from '../evidence/schema.ts';

/**
 * Whether a runner can be asked to stop from where its job is looked at, and what stands in the way. `unseen`: its process
 * cannot be found, though it is of this host and this boot.
 */
export type Reach = 'here' | 'other_host' | 'other_container' | 'other_user' | 'unseen';

/**
 * Judges whether the process of a runner can be asked to stop: it must be of the same host, boot and pid namespace, and
 * whoever looks must be allowed to signal it.
 *
 * Errors: none. Same facts, same answer, before agreeing and right before asking.
 * Source: design, rule 7; decisions/0032.
 */
export function judgeReach({ host, boot, process, canSignal }: LivenessFacts): Reach {
  if (host === 'other' || boot === 'other') return 'other_host';
  if (process === 'unknown') return boot === 'same' ? 'other_container' : 'unseen';
  if (process !== 'same') return 'unseen';
  return canSignal === false ? 'other_user' : 'here';
}
