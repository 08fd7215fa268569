import { hostname } from 'node:os';
import { basename } from 'node:path';
import { digestText } from '../../core/digest.ts';
import { RecoveryError } from '../../core/errors.ts';
import { formatActionKey } from '../../core/families/training-control/rules.ts';
import { appendFile } from '../../platform/files/append-file.ts';
import { type FileOperations, systemFileOperations } from '../../platform/files/file-operations.ts';
import { moveDurably, replaceFileBytes } from '../../platform/files/replace-file.ts';
import type { Repair } from '../source.ts';
import { lookAtTau, type TauLook } from './collect.ts';
import { formatRecord } from './format-record.ts';
import { holdDirectory, KEY_LENGTH } from './hold-directory.ts';
import { openTauDirectory } from './read.ts';
import { keepGoodLines } from './read-audit.ts';
import { readItself } from './read-itself.ts';
import { describeUnwritable } from './record-action.ts';
import { nameFree } from './write-record.ts';

/** A damaged control file: what it is, where, and why it cannot be used. */
type DamagedFile = {
  readonly what: string;
  readonly path: string;
  readonly problem: string;
};

/** The same once it is set aside. */
export type SetAside = DamagedFile & { readonly keptAs: string };

/** Who repairs, why, and by what. `atMs` is the time of consent. */
type RepairOptions = Parameters<Repair['carryOut']>[0] & { readonly operations: FileOperations };

/**
 * Says what is damaged in a directory, and how it is set aside.
 *
 * Errors: NOTHING_TO_RECOVER, TARGET_UNKNOWN. Nothing is changed.
 */
export async function planRepair(path: string, nowMs: number): Promise<Repair> {
  const damaged = listDamaged(await lookAtTau(openTauDirectory(path), nowMs), path);
  return {
    problems: [
      ...damaged.map(({ what, path: file, problem }) => ({ message: problem, file: { what, path: file } })),
      ...listConsequences(damaged, 'then').map((message) => ({ message })),
    ],
    consequence: damaged.some(({ what }) => what === 'control_state')
      ? 'what is damaged would be set aside, and the control state would count as never recorded'
      : 'what is damaged would be set aside',
    deed: 'set this aside',
    async carryOut(agreed) {
      const aside = await repairTau(path, { ...agreed, operations: systemFileOperations });
      return {
        answer: { set_aside: aside.map(({ keptAs, ...one }) => ({ ...one, kept_as: keptAs })) },
        lines: [...aside.map((one) => `${one.path} is kept as ${one.keptAs}`), ...listConsequences(aside, 'now')],
      };
    },
  };
}

/** What becomes of a job whose files are set aside. */
function listConsequences(damaged: readonly DamagedFile[], when: 'then' | 'now'): readonly string[] {
  return damaged.flatMap(({ what }) => {
    if (what === 'control_state') {
      return `${when} the control state counts as never recorded, and no crash is seen: a run that did crash has to be rolled back to a checkpoint (--choice rollback) before it is resumed`;
    }
    if (what === 'status')
      return `${when} there is no training status: a job that is recorded as running counts as crashed`;
    return [];
  });
}

/** The control files of a directory that stop actions. Errors: NOTHING_TO_RECOVER without any. */
function listDamaged({ evidence: { files = [], audit } }: TauLook, directory: string): readonly DamagedFile[] {
  const damaged = files.flatMap(({ what, path, state, problem }): readonly DamagedFile[] => {
    if (what === 'access_policy' || what === 'recovery_report') return [];
    if (what === 'audit_log' && audit.broken) {
      return [{ what, path, problem: `line ${audit.broken.sequence}: expected ${audit.broken.expected}` }];
    }
    if (state !== 'invalid' && state !== 'unreadable') return [];
    return [{ what, path, problem: problem?.message ?? state }];
  });
  if (damaged.length > 0) return damaged;
  throw new RecoveryError('NOTHING_TO_RECOVER', `no control file in ${directory} is damaged`);
}

/**
 * Sets every damaged control file aside, under a name that says what it is and when, and audits it: then every action
 * is possible again. Of an audit log the lines that can be read stay.
 *
 * Errors: NOTHING_TO_RECOVER, LEASE_HELD, STATE_UNWRITABLE.
 * Source: contract, repair; formats/tau 4.3.
 */
export async function repairTau(path: string, options: RepairOptions): Promise<readonly SetAside[]> {
  const directory = openTauDirectory(path);
  const { layout } = directory;
  const self = { principal: options.principal, host: hostname(), pid: process.pid };
  const held = await holdDirectory(digestText(layout.directory).slice(0, KEY_LENGTH), layout.directory, self);
  try {
    const damaged = listDamaged(await lookAtTau(directory, options.atMs), layout.directory);
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
  if (log) await moveDurably(operations, log.path, log.keptAs);
  const row = Buffer.concat([good ?? Buffer.alloc(0), formatRecord(makeRow(options, aside)), Buffer.from('\n')]);
  if (log) await replaceFileBytes(auditPath, row, { operations });
  else await appendFile(operations, auditPath, Buffer.concat([Buffer.from(endsOpen(auditPath) ? '\n' : ''), row]));
  for (const one of aside) if (one !== log) await moveDurably(operations, one.path, one.keptAs);
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
