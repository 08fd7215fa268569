import { hostname } from 'node:os';
import { basename } from 'node:path';
import { digestText } from '../../core/digest.ts';
import { RecoveryError } from '../../core/errors.ts';
import { formatActionKey } from '../../core/families/training-control/rules.ts';
import { type AccessPolicy, checkAccess } from '../../core/plan/access.ts';
import { lookAtTau, type TauLook } from './collect.ts';
import type { TauFileOperations } from './file-operations.ts';
import { formatRecord } from './format-record.ts';
import { holdDirectory, KEY_LENGTH } from './hold-directory.ts';
import { openTauDirectory } from './read.ts';
import { keepGoodLines } from './read-audit.ts';
import { readItself } from './read-itself.ts';
import { describeUnwritable } from './record-action.ts';
import { nameFree } from './write-record.ts';

/** A damaged control file: what it is, where, and why it cannot be used. */
export type DamagedFile = {
  readonly what: string;
  readonly path: string;
  readonly problem: string;
};

/** The same once it is set aside. */
export type SetAside = DamagedFile & { readonly keptAs: string };

/** Who repairs, why, and by what. `atMs` is the time of consent. */
export type RepairOptions = {
  readonly principal: string;
  readonly policy: AccessPolicy;
  readonly reason: string;
  readonly atMs: number;
  readonly actionId: string;
  readonly operations: TauFileOperations;
};

/** The control files of a directory that stop actions. Errors: TARGET_UNKNOWN. Nothing is changed. */
export async function findDamaged(path: string, nowMs: number): Promise<readonly DamagedFile[]> {
  return listDamaged(await lookAtTau(openTauDirectory(path), nowMs));
}

function listDamaged({ evidence: { files = [], audit } }: TauLook): readonly DamagedFile[] {
  return files.flatMap(({ what, path, state, problem }): readonly DamagedFile[] => {
    if (what === 'access_policy' || what === 'recovery_report') return [];
    if (what === 'audit_log' && audit.broken) {
      return [{ what, path, problem: `line ${audit.broken.sequence}: expected ${audit.broken.expected}` }];
    }
    if (state !== 'invalid' && state !== 'unreadable') return [];
    return [{ what, path, problem: problem?.message ?? state }];
  });
}

/**
 * Sets every damaged control file aside, under a name that says what it is and when, and audits it: then every action
 * is possible again. Of an audit log the lines that can be read stay.
 *
 * Errors: ACCESS_DENIED, POLICY_INVALID, NOTHING_TO_RECOVER, LEASE_HELD, STATE_UNWRITABLE.
 * Source: contract, repair; formats/tau 4.3.
 */
export async function repairTau(path: string, options: RepairOptions): Promise<readonly SetAside[]> {
  checkRepair(options);
  const directory = openTauDirectory(path);
  const { layout } = directory;
  const self = { principal: options.principal, host: hostname(), pid: process.pid };
  const held = await holdDirectory(digestText(layout.directory).slice(0, KEY_LENGTH), layout.directory, self);
  try {
    const damaged = listDamaged(await lookAtTau(directory, options.atMs));
    if (damaged.length === 0) {
      throw new RecoveryError('NOTHING_TO_RECOVER', `no control file in ${layout.directory} is damaged`);
    }
    const stamp = new Date(options.atMs).toISOString().replace(/[^0-9TZ]/g, '');
    const aside = damaged.map((one) => ({ ...one, keptAs: nameFree(`${one.path}.damaged-${stamp}`, '') }));
    await carryOut(options, layout.audit, aside);
    return aside;
  } catch (cause) {
    throw describeUnwritable(`${layout.directory} could not be repaired`, layout.directory, cause);
  } finally {
    await held.release();
  }
}

/** The row comes before the state is moved: a crash between leaves a row too many, and never a move without one. */
async function carryOut(options: RepairOptions, auditPath: string, aside: readonly SetAside[]): Promise<void> {
  const { operations } = options;
  const log = aside.find(({ what }) => what === 'audit_log');
  const good = log ? readGoodLines(auditPath) : undefined;
  if (log) await operations.setAside(log.path, log.keptAs);
  const row = Buffer.concat([good ?? Buffer.alloc(0), formatRecord(makeRow(options, aside)), Buffer.from('\n')]);
  if (log) await operations.replace(auditPath, row);
  else await operations.append(auditPath, Buffer.concat([Buffer.from(endsOpen(auditPath) ? '\n' : ''), row]));
  for (const one of aside) if (one !== log) await operations.setAside(one.path, one.keptAs);
}

function readGoodLines(path: string): Buffer {
  try {
    return keepGoodLines(readItself(path));
  } catch {
    // What cannot be read is set aside whole.
    return Buffer.alloc(0);
  }
}

function endsOpen(path: string): boolean {
  try {
    const bytes = readItself(path);
    return bytes.length > 0 && bytes.at(-1) !== 0x0a;
  } catch {
    return false;
  }
}

function makeRow({ principal, reason, atMs, actionId }: RepairOptions, aside: readonly SetAside[]): unknown {
  return {
    schema_version: 1,
    timestamp_unix_ms: atMs,
    principal,
    action: 'repair',
    action_key: formatActionKey('repair'),
    lifecycle_state: aside.some(({ what }) => what === 'control_state') ? 'missing' : 'unchanged',
    idempotent: false,
    rollback_checkpoint: null,
    recovery_checkpoint_source: null,
    salvor_action_id: actionId,
    salvor_reason: reason,
    salvor_set_aside: aside.map(({ path, keptAs }) => ({ file: basename(path), kept_as: basename(keptAs) })),
  };
}

function checkRepair({ policy, principal }: RepairOptions): void {
  const action = formatActionKey('repair');
  const { allowed, reasonCode } = checkAccess(policy, principal, action);
  if (allowed) return;
  if (policy.type === 'invalid') {
    throw new RecoveryError('POLICY_INVALID', policy.problem, { details: { path: policy.path } });
  }
  const message = `unauthorized rl lifecycle action: principal=${principal} action=${action} reason_code=${reasonCode}`;
  throw new RecoveryError('ACCESS_DENIED', message, { details: { principal, action, reason_code: reasonCode } });
}
