/** How often each action is in an audit history, in the order each was first seen. */
export type ActionCount = { readonly action: string; readonly count: number };

/**
 * Counts what a replay yields. The counts add up to the number of actions.
 *
 * Errors: none. Same history, same counts. Source: seed 000, AC-1.
 */
export function countActions(actions: readonly string[]): readonly ActionCount[] {
  const counts = new Map<string, number>();
  for (const action of actions) counts.set(action, (counts.get(action) ?? 0) + 1);
  return [...counts].map(([action, count]) => ({ action, count }));
}
