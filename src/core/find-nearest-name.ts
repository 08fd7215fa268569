/** Comparing costs the product of both lengths; nobody means a name of this length by another one. */
const LONGEST_NAME = 100;

/**
 * Finds the known name an unknown one was probably meant to be; case and the choice of `-` or `_` do not count.
 *
 * Errors: none; undefined when no name is near enough to be worth saying.
 */
export function findNearestName(name: string, known: Iterable<string>): string | undefined {
  if (name.length > LONGEST_NAME) return undefined;
  const wanted = fold(name);
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  let nearest: string | undefined;
  let least = limit + 1;
  for (const candidate of known) {
    if (candidate.length > 2 * LONGEST_NAME) continue;
    const folded = fold(candidate);
    if (Math.abs(folded.length - wanted.length) >= least) continue;
    const distance = measureDistance(wanted, folded);
    if (distance < least) [nearest, least] = [candidate, distance];
  }
  return nearest;
}

/** Says the nearest name as the end of a sentence, or nothing. */
export function describeNearestName(name: string, known: Iterable<string>): string {
  const nearest = findNearestName(name, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

function fold(name: string): string {
  return name.toLowerCase().replaceAll('-', '_');
}

/** Levenshtein distance with swaps of neighbours counted once. */
function measureDistance(left: string, right: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: right.length + 1 }, (_, index) => index);
  for (let row = 1; row <= left.length; row++) {
    const current = [row];
    for (let column = 1; column <= right.length; column++) {
      const cost = left[row - 1] === right[column - 1] ? 0 : 1;
      const swapped = left[row - 1] === right[column - 2] && left[row - 2] === right[column - 1];
      current[column] = Math.min(
        (previous[column] ?? 0) + 1,
        (current[column - 1] ?? 0) + 1,
        (previous[column - 1] ?? 0) + cost,
        swapped ? (beforePrevious[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY,
      );
    }
    [beforePrevious, previous] = [previous, current];
  }
  return previous[right.length] ?? 0;
}
