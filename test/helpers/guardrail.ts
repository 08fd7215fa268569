import { expect } from 'vitest';
import type { LedgerJob } from './ledger-job.ts';
import { type Ended, parseAnswer, pick } from './salvor.ts';
import { hashFiles, readTables, type Tables } from './state.ts';

/** What a guardrail must say, and whether the refusal is recorded in the audit chain. */
export type Refused = { readonly code: string; readonly names: readonly string[]; readonly isAudited: boolean };

/**
 * Asks for something that is refused, in JSON and in text at once: exit code 3, both name what is wrong, and nothing is
 * changed but for the two refusals in the audit chain.
 */
export async function expectRefused(job: LedgerJob, args: readonly string[], refused: Refused): Promise<void> {
  const before = look(job);
  const ledger = job.ledger();
  const [ended, inText] = await Promise.all([job.salvor([...args, '--json']), job.salvor(args)]);
  expectAnswer(ended, refused);
  expect(inText.code).toBe(3);
  expect(inText.stdout).toBe('');
  for (const name of refused.names) expect(inText.stderr).toContain(name);
  const after = look(job);
  expect(after.files).toEqual(before.files);
  expect(job.ledger()).toEqual(ledger);
  expect(dropAudit(after.tables)).toEqual(dropAudit(before.tables));
  const added = after.tables?.audit.slice(before.tables?.audit.length ?? 0) ?? [];
  const refusal = { outcome: 'refused', code: refused.code };
  expect(added.map(({ outcome, code }) => ({ outcome, code }))).toEqual(refused.isAudited ? [refusal, refusal] : []);
}

function expectAnswer(ended: Ended, { code, names }: Refused): void {
  const answer = parseAnswer(ended);
  expect({ exit: ended.code, code: pick(answer, 'error.code') }, ended.stdout).toEqual({ exit: 3, code });
  expect(Object.keys(answer)).toEqual(['error']);
  expect(Object.keys((answer['error'] ?? {}) as object)).toEqual(['code', 'message', 'hint', 'details']);
  for (const name of names) expect(pick(answer, 'error.message')).toContain(name);
}

type Looked = { readonly files: Readonly<Record<string, string>>; readonly tables: Tables | undefined };

/** Files of the folder but for the store, and the store row by row; a store that cannot be read counts as a file. */
function look(job: LedgerJob): Looked {
  const files = Object.entries(hashFiles(job.folder.path));
  try {
    const tables = readTables(job.state);
    // A refusal that is recorded moves the mark of its job along with the chain.
    const isStore = (name: string) => name.startsWith('state/salvor.db') || name.endsWith('/high-water.json');
    return { files: Object.fromEntries(files.filter(([name]) => !isStore(name))), tables };
  } catch {
    // A writer that finds the store damaged may leave its empty log and the log's index: they say nothing.
    const isEmptyLog = ([name, file]: readonly [string, string]) =>
      name === 'state/salvor.db-shm' || (name === 'state/salvor.db-wal' && file.includes(' 0 '));
    return { files: Object.fromEntries(files.filter((one) => !isEmptyLog(one))), tables: undefined };
  }
}

function dropAudit(tables: Tables | undefined): unknown {
  return tables && { ...tables, audit: [], audit_heads: [] };
}
