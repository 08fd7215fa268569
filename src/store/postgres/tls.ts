/** How a connection is secured, by what libpq calls sslmode. */
import { existsSync, readFileSync } from 'node:fs';
import { rootCertificates } from 'node:tls';
import { RecoveryError } from '../../core/errors.ts';
import type { Settings } from './settings.ts';

/** One way to connect: without TLS, or with it. */
export type TlsWay =
  | false
  | {
      readonly rejectUnauthorized: boolean;
      readonly ca?: string | readonly string[];
      readonly cert?: string;
      readonly key?: string;
      /** Set where the name in the certificate is not compared. */
      readonly checkServerIdentity?: () => undefined;
    };

/**
 * The ways to connect, in the order to try them.
 *
 * Errors: STATE_DENIED when what a mode needs is not there.
 * Source: PostgreSQL documentation, SSL support.
 */
export function listTlsWays(settings: Settings, host: string): readonly TlsWay[] {
  const { mode, rootCertificate } = settings.tls;
  if (mode === 'disable' || host.startsWith('/')) return [false];
  const own = readOwn(settings);
  const roots = readRoots(rootCertificate);
  const unchecked = { ...own, rejectUnauthorized: false };
  const byAuthority = { ...own, rejectUnauthorized: true, ca: roots ?? [], checkServerIdentity: () => undefined };
  switch (mode) {
    case 'allow':
      return [false, unchecked];
    case 'prefer':
      return [unchecked, false];
    case 'require':
      // With a root certificate at hand it is checked, as libpq does.
      return [roots ? byAuthority : unchecked];
    case 'verify-ca':
      checkRoots(settings, roots);
      return [byAuthority];
    case 'verify-full':
      checkRoots(settings, roots);
      return [{ ...own, rejectUnauthorized: true, ca: roots ?? [] }];
  }
}

function checkRoots({ place, tls }: Settings, roots: unknown): void {
  if (roots !== undefined) return;
  const { mode, rootCertificate: path } = tls;
  const message = `${place}: sslmode ${mode} needs a root certificate, and ${path} is not there; name one with sslrootcert or PGSSLROOTCERT ('system' for those of the system)`;
  throw new RecoveryError('STATE_DENIED', message, { details: { path } });
}

function readRoots(path: string): string | readonly string[] | undefined {
  if (path === 'system') return rootCertificates;
  return existsSync(path) ? readText(path) : undefined;
}

function readOwn({ tls: { certificate, key } }: Settings): { readonly cert?: string; readonly key?: string } {
  if (!existsSync(certificate) || !existsSync(key)) return {};
  return { cert: readText(certificate), key: readText(key) };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecoveryError('STATE_DENIED', `${path} cannot be read: ${reason}`, { details: { path }, cause });
  }
}
