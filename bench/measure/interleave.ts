/** Measurements of two things, taken in turns. */
export type Pairs = { readonly ours: readonly number[]; readonly theirs: readonly number[] };

/** Measures once; answers a number in whatever unit both sides share. */
export type Measure = () => number | Promise<number>;

/**
 * Measures two things in turns, so that whatever else the machine does falls on both. Who is first changes every turn.
 * One turn before the first is thrown away: it fills caches.
 */
export async function interleave(ours: Measure, theirs: Measure, count: number): Promise<Pairs> {
  const pairs = { ours: [] as number[], theirs: [] as number[] };
  await ours();
  await theirs();
  for (let turn = 0; turn < count; turn += 1) {
    if (turn % 2 === 0) pairs.ours.push(await ours());
    pairs.theirs.push(await theirs());
    if (turn % 2 === 1) pairs.ours.push(await ours());
  }
  return pairs;
}
