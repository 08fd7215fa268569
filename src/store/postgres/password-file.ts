import { readFileSync, statSync } from 'node:fs';
import { hostname } from 'node:os';

/** What a password is looked up by. */
export type PasswordQuestion = {
  readonly host: string;
  readonly port: number;
  readonly database: string;
  readonly user: string;
};

/**
 * Finds a password in a password file as libpq does: the first line whose four fields match. A file that others may read
 * is passed over.
 *
 * Errors: none; what cannot be read has none.
 * Source: PostgreSQL documentation, the password file.
 */
export function findPassword(path: string, asked: PasswordQuestion): string | undefined {
  const text = readPrivate(path);
  // The file of the machine itself names its sockets `localhost`.
  const host = asked.host.startsWith('/') || asked.host === hostname() ? [asked.host, 'localhost'] : [asked.host];
  const wanted = [host, [String(asked.port)], [asked.database], [asked.user]];
  for (const line of text.split('\n')) {
    if (line.startsWith('#')) continue;
    const fields = splitFields(line.replace(/\r$/, ''));
    const password = fields[4];
    if (password !== undefined && wanted.every((values, at) => isMatch(fields[at], values))) return password;
  }
  return undefined;
}

function isMatch(field: string | undefined, values: readonly string[]): boolean {
  return field === '*' || (field !== undefined && values.includes(field));
}

function readPrivate(path: string): string {
  try {
    const stats = statSync(path);
    return stats.isFile() && (stats.mode & 0o077) === 0 ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** Fields are divided by colons; a backslash keeps the character behind it. */
function splitFields(line: string): readonly string[] {
  const fields: string[] = [''];
  for (let at = 0; at < line.length; at += 1) {
    const letter = line[at] ?? '';
    if (letter === ':') fields.push('');
    else {
      if (letter === '\\') at += 1;
      fields[fields.length - 1] += letter === '\\' ? (line[at] ?? '') : letter;
    }
  }
  return fields;
}
