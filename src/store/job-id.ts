import { randomInt } from 'node:crypto';

const ID_LETTERS = '0123456789abcdefghjkmnpqrstvwxyz';

/** A new job id: short enough to type, 50 random bits, so that hosts which share a store need not agree on ids. */
export function makeJobId(): string {
  return `b${Array.from({ length: 10 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join('')}`;
}
