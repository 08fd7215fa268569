import { describe, expect, test } from 'vitest';
import { readSettings } from '../../../src/store/postgres/settings.ts';

const HOME = { HOME: '/home/op' };

function readPlace(url: string, env: Readonly<Record<string, string>> = {}): string {
  return readSettings(url, { ...HOME, ...env }).place;
}

describe('readSettings', () => {
  test('reads user, servers, database and schema of a URL', () => {
    const url =
      'postgresql://al%40ice:p%3Aw:d@db1:6543,[::1],%2Frun%2Fpg/jobs%20eu?options=-c%20search_path%3Dmine,public';
    expect(readSettings(url, HOME)).toMatchObject({
      user: 'al@ice',
      password: 'p:w:d',
      servers: [
        { host: 'db1', port: 6543 },
        { host: '::1', port: 5432 },
        { host: '/run/pg', port: 5432 },
      ],
      database: 'jobs eu',
      schema: 'mine',
    });
  });

  test('takes from the environment of libpq what the URL does not say', () => {
    const env = {
      PGHOST: 'h',
      PGPORT: '7',
      PGUSER: 'u',
      PGDATABASE: 'd',
      PGPASSWORD: 'secret',
      PGSSLMODE: 'verify-full',
      PGSSLROOTCERT: 'system',
      PGPASSFILE: '/p',
      PGCONNECT_TIMEOUT: '3',
      PGTARGETSESSIONATTRS: 'read-write',
      PGOPTIONS: '-c jit=off -csearch_path=a\\ b',
    };
    expect(readSettings('postgres://', { ...HOME, ...env })).toMatchObject({
      place: 'postgres://u@h:7/d?options=-csearch_path%3Da%5C%20b',
      password: 'secret',
      passwordFile: '/p',
      tls: { mode: 'verify-full', rootCertificate: 'system', key: '/home/op/.postgresql/postgresql.key' },
      connectTimeoutMs: 3_000,
      needsPrimary: true,
    });
    expect(readSettings('postgres://me@here/mine?sslmode=require', { ...HOME, ...env })).toMatchObject({
      place: 'postgres://me@here:7/mine?options=-csearch_path%3Da%5C%20b',
      tls: { mode: 'require' },
    });
  });

  test('is where nothing else is said: this host, the schema salvor, TLS where there is any', () => {
    expect(readSettings('postgres://u@/', HOME)).toMatchObject({
      place: 'postgres://u@localhost/u',
      schema: 'salvor',
      tls: { mode: 'prefer' },
      passwordFile: '/home/op/.pgpass',
    });
  });

  test.each([
    ['postgres://u:secret@h:99999/d', 'port'],
    ['postgres://u:secret@h:x/d', 'HOST'],
    ['postgres://u:secret@h/d?sslmode=always', 'sslmode'],
    ['postgres://u:secret@h/d?connect_timeout=soon', 'connect_timeout'],
    ['postgres://u:secret@h/d?target_session_attrs=standby', 'target_session_attrs'],
    ['postgres://u:secret@h/%zz', 'percent'],
    ['postgres://u:secret@h/d#x', 'postgres://USER'],
    ['postgres://u:1/secret@h/d', 'HOST'],
    ['postgres://u:a/secret@h/d', 'HOST'],
    ['postgres://u:secret?x@h/d', 'HOST'],
  ])('refuses %s, and says nothing of the password', (url, problem) => {
    const refusal = () => readSettings(url, HOME);
    expect(refusal).toThrow(problem);
    expect(refusal).not.toThrow('secret');
  });

  test('the place never has a password', () => {
    expect(readPlace('postgres://u:secret@h/d?password=secret2', { PGPASSWORD: 'secret3' })).toBe('postgres://u@h/d');
  });
});
