/**
 * Says whether a text fits a pattern as shells have it: `*` is any text, `?` any one character, the rest is itself.
 * A star that fits is only ever widened, so that no text takes longer than its length times that of the pattern.
 */
export function matchPattern(pattern: string, text: string): boolean {
  const [wanted, found] = [Array.from(pattern), Array.from(text)];
  let at = 0;
  let star: { readonly at: number; readonly from: number } | undefined;
  for (let index = 0; index < found.length; ) {
    const next = wanted[at];
    if (next === '*') {
      star = { at, from: index };
      at += 1;
    } else if (next === '?' || next === found[index]) {
      at += 1;
      index += 1;
    } else if (star) {
      star = { at: star.at, from: star.from + 1 };
      at = star.at + 1;
      index = star.from;
    } else return false;
  }
  return wanted.slice(at).every((left) => left === '*');
}
