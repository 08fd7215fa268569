/** How many characters of a foreign key a path shows. */
const KEY_LIMIT = 80;

/**
 * Writes the place of a value, as `$.policy_state.layers[3]["odd key"]`.
 *
 * Shapes: a key is text, an array index a number; keys are foreign text and stay so, but for length.
 * Errors: none.
 */
export function formatJsonPath(segments: readonly (string | number)[]): string {
  return `$${segments.map((segment) => formatSegment(segment)).join('')}`;
}

function formatSegment(segment: string | number): string {
  if (typeof segment === 'number') return `[${segment}]`;
  if (/^[A-Za-z_][A-Za-z0-9_]{0,79}$/.test(segment)) return `.${segment}`;
  const shown = segment.length > KEY_LIMIT ? `${segment.slice(0, KEY_LIMIT)}…` : segment;
  return `[${JSON.stringify(shown)}]`;
}
