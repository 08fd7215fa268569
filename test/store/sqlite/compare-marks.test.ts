import { mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeJobs } from '../../../bench/state/make-jobs.ts';
import { checkStoreNewest } from '../../../src/store/sqlite/compare-marks.ts';
import { openStore } from '../../../src/store/sqlite/database.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

/** More than are compared. */
const JOBS = 1_020;
const NO_AUDIT = { schema_version: 1, journal_sequence: 0, audit_sequence: 0, audit_hash: '' };

function idOf(job: number): string {
  return `b${String(job).padStart(10, '0')}`;
}

/** Gives a job a directory with a mark, changed at a time in seconds. */
function mark(state: string, job: number, at: { readonly epoch: number; readonly seconds: number }): void {
  const directory = path.join(state, 'jobs', idOf(job));
  mkdirSync(directory, { recursive: true });
  writeFileSync(path.join(directory, 'high-water.json'), JSON.stringify({ ...NO_AUDIT, epoch: at.epoch }));
  utimesSync(directory, at.seconds, at.seconds);
}

function check(state: string): void {
  const database = openStore(state);
  try {
    checkStoreNewest(database, state);
  } finally {
    database.close();
  }
}

describe('checkStoreNewest: of more jobs than are compared', () => {
  test('the one that changed last is, wherever it stands and however many changed at one time', async () => {
    await using folder = await makeFolder();
    makeJobs(folder.path, JOBS);
    for (let job = 1; job <= JOBS; job++) mark(folder.path, job, { epoch: 1, seconds: 1_000 });
    expect(() => check(folder.path)).not.toThrow();
    for (const job of [1, 500, JOBS]) {
      mark(folder.path, job, { epoch: 2, seconds: 1_001 });
      expect(() => check(folder.path)).toThrow(
        expect.objectContaining({ code: 'STORE_REGRESSED', details: expect.objectContaining({ job: idOf(job) }) }),
      );
      mark(folder.path, job, { epoch: 1, seconds: 1_001 });
    }
  });

  test('one that the store does not know is found, however long ago it changed', async () => {
    await using folder = await makeFolder();
    makeJobs(folder.path, JOBS);
    for (let job = 1; job <= JOBS; job++) mark(folder.path, job, { epoch: 1, seconds: 1_000 });
    mark(folder.path, JOBS + 1, { epoch: 1, seconds: 10 });
    expect(() => check(folder.path)).toThrow(
      expect.objectContaining({ code: 'STORE_REGRESSED', details: expect.objectContaining({ job: idOf(JOBS + 1) }) }),
    );
  });
});
