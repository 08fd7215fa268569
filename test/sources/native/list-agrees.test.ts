import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listPlaces } from '../../../src/cli/list-places.ts';
import { isListed } from '../../../src/core/diagnosis/attention.ts';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { ATTENTIONS, type JobSummary, NATIVE_STATUSES, UNIT_STATUSES, VERDICTS } from '../../../src/core/job/schema.ts';
import type { JobQuery, ListCursor } from '../../../src/core/ports.ts';
import { readOwnIdentity } from '../../../src/platform/process-probe.ts';
import { collectEvidence } from '../../../src/sources/native/collect.ts';
import { listJobs } from '../../../src/sources/native/list.ts';
import { makeNativePlace } from '../../../src/sources/native/read.ts';
import type { ListReader } from '../../../src/store/list-contract.ts';
import type { JobRecord } from '../../../src/store/records.ts';
import { appendAudit } from '../../../src/store/sqlite/audit.ts';
import { updateRowsFile } from '../../../src/store/sqlite/jobs.ts';
import { releaseLease } from '../../../src/store/sqlite/leases.ts';
import { makeTempState, SEED_MS, type TempState } from '../../helpers/temp-state.ts';

const NOW_MS = SEED_MS + 1_000;
const JOBS = 120;

const SEED = fc.record({
  status: fc.constantFrom(...NATIVE_STATUSES),
  units: fc.array(fc.constantFrom(...UNIT_STATUSES), { maxLength: 3 }),
  holder: fc.constantFrom('none', 'dead', 'here', 'released', 'elsewhere', 'fenced'),
  isLate: fc.boolean(),
  runCount: fc.constantFrom(0, 1, 2),
  chain: fc.constantFrom('none', 'whole', 'whole', 'edited', 'cut', 'gone', 'without head'),
  rows: fc.constantFrom(
    'as they were',
    'as they were',
    'same size',
    'longer',
    'gone',
    'a directory',
    'expected',
    'put back',
  ),
  directory: fc.constantFrom('none', 'there', 'gone', 'there, without its command', 'there, with its commands'),
});
type Seed = typeof SEED extends fc.Arbitrary<infer T> ? T : never;

const DIRECTORIES: Readonly<Record<string, unknown>> = {
  none: {},
  there: { directory: '/tmp' },
  gone: { directory: '/tmp/not-there' },
  'there, without its command': { directory: '/tmp', command: 'true; echo', verify: './not-there.sh {{id}}' },
  'there, with its commands': { directory: '/', command: 'sh -c "true"', verify: '"$NOT_THERE" {{id}}' },
};

function plant(state: TempState, seed: Seed, index: number): void {
  const { status, units, directory, runCount } = seed;
  const job = state.addJob({
    name: `job ${index}`,
    status,
    units,
    spec: DIRECTORIES[directory],
    atMs: SEED_MS + (index % 7),
  });
  state.database.prepare('UPDATE jobs SET run_count = ? WHERE seq = ?').run(runCount, job.seq);
  if (seed.holder !== 'none') hold(state, job, seed);
  if (seed.chain !== 'none') chain(state, job, seed.chain);
  changeRows(job.rows?.path ?? '', seed.rows);
  if (seed.rows === 'put back') updateRowsFile(state.database, job.seq, fileOf(NEW_ROWS));
  if (seed.rows === 'expected' && job.rows) {
    updateRowsFile(state.database, job.seq, { ...job.rows, next: fileOf(NEW_ROWS) });
  }
}

function hold(state: TempState, job: JobRecord, { holder, isLate }: Seed): void {
  const changed = { ...(holder === 'dead' && { pid: 2 ** 30 }), ...(holder === 'elsewhere' && { host: 'elsewhere' }) };
  const identity = { ...readOwnIdentity(), ...changed };
  const { epoch } = state.hold(job, { identity, atMs: isLate ? NOW_MS - 90_000 : NOW_MS });
  if (holder === 'released') releaseLease(state.database, job.seq, { epoch, atMs: SEED_MS });
  if (holder === 'fenced') state.hold(job, { purpose: 'cancel', epoch: epoch + 1 });
}

/** Gives a job an audit chain of two entries, broken in one of the ways there are. */
function chain({ database }: TempState, { seq }: JobRecord, how: string): void {
  const word = { atMs: SEED_MS, principal: 'p', action: 'run', outcome: 'done', details: {} };
  appendAudit(database, seq, word);
  appendAudit(database, seq, word);
  if (how === 'edited') database.prepare("UPDATE audit SET action = 'x' WHERE job_seq = ?").run(seq);
  if (how === 'cut') database.prepare('DELETE FROM audit WHERE job_seq = ? AND sequence = 2').run(seq);
  if (how === 'gone') database.prepare('DELETE FROM audit WHERE job_seq = ?').run(seq);
  if (how === 'without head') database.prepare('DELETE FROM audit_heads WHERE job_seq = ?').run(seq);
}

const NEW_ROWS = 'id\nk1\nk2\nk3 and what came of them\n';
const fileOf = (text: string) => ({
  sha256: createHash('sha256').update(text).digest('hex'),
  sizeBytes: Buffer.byteLength(text),
});

function changeRows(path: string, how: string): void {
  if (how === 'same size') writeFileSync(path, readFileSync(path, 'utf8').toUpperCase());
  if (how === 'longer') writeFileSync(path, 'x', { flag: 'a' });
  if (how === 'gone' || how === 'a directory') rmSync(path);
  if (how === 'a directory') mkdirSync(path);
  if (how === 'expected') writeFileSync(path, NEW_ROWS);
}

async function makeJobs(): Promise<TempState> {
  const state = await makeTempState();
  for (const [index, seed] of fc.sample(SEED, { numRuns: JOBS, seed: 4711 }).entries()) plant(state, seed, index);
  return state;
}

const list = (state: TempState, scope: 'all' | 'attention', slice = { offset: 0, limit: 1_000 }) =>
  listJobs(state.open(NOW_MS), { scope, ...slice });

/** Of what ended only open units tell the store that it needs somebody; its chain is seen where it is listed. */
function isFound({ status, attention, verdict, progress }: JobSummary): boolean {
  if (!isListed(attention)) return false;
  const hasEnded = verdict === 'inconsistent' && (status === 'completed' || status === 'cancelled');
  return !hasEnded || progress.inDoubt + progress.needsReview > 0;
}

describe('listJobs, of jobs left in every way', () => {
  it('says what a closer look says, and is shown with the most urgent first', async () => {
    await using state = await makeJobs();
    const { jobs, total } = await list(state, 'all');
    expect([jobs.length, total]).toEqual([JOBS, JOBS]);
    const seen = [];
    for (const { job } of jobs) {
      const { verdict, attention, recommended } = diagnose(await collectEvidence(state.open(NOW_MS), job.id));
      seen.push([job.name, verdict, attention, recommended]);
    }
    expect(jobs.map((one) => [one.job.name, one.verdict, one.attention, one.recommended])).toEqual(seen);
    const place = { path: state.path, source: 'native', jobs: makeNativePlace(state.open(NOW_MS)) };
    const shown = await listPlaces([place], { scope: 'all', offset: 0, limit: 1_000 });
    const order = shown.jobs.map(({ attention }) => ATTENTIONS.indexOf(attention));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    expect(new Set(order).size).toBeGreaterThan(6);
  });

  it('lists by default what has not come to its end', async () => {
    await using state = await makeJobs();
    const { jobs, total } = await list(state, 'attention');
    expect(total).toBe(jobs.length);
    const listed = new Set(jobs.map(({ job }) => job.id));
    expect(jobs.filter(({ attention }) => !isListed(attention))).toEqual([]);
    const missing = (await list(state, 'all')).jobs.filter((one) => isFound(one) && !listed.has(one.job.id));
    expect(missing).toEqual([]);
  });

  it('finds by every verdict and every word what the whole list has by it', async () => {
    await using state = await makeJobs();
    const { jobs } = await list(state, 'all');
    const find = async (query: Partial<JobQuery>) => {
      const page = await listJobs(state.open(NOW_MS), { scope: 'all', offset: 0, limit: 1_000, ...query });
      return page.jobs.map(({ job }) => job.id);
    };
    const pick = (isMeant: (one: JobSummary) => boolean) => jobs.filter(isMeant).map(({ job }) => job.id);
    for (const verdict of VERDICTS)
      expect(await find({ verdict }), verdict).toEqual(pick((one) => one.verdict === verdict));
    for (const attention of ATTENTIONS)
      expect(await find({ attention }), attention).toEqual(pick((one) => one.attention === attention));
  });

  it('looks for a verdict at the jobs alone that may have it', async () => {
    await using state = await makeJobs();
    const store = state.open(NOW_MS);
    const walked: string[] = [];
    const watched = {
      ...store,
      list: <T>(look: (reader: ListReader) => Promise<T>) =>
        store.list((reader) => {
          const read: ListReader['read'] = (filter, name, slice) => {
            walked.push(name);
            return reader.read(filter, name, slice);
          };
          return look({ ...reader, read });
        }),
    };
    for (const verdict of ['alive', 'finished'] as const)
      await listJobs(watched, { scope: 'all', offset: 0, limit: 10, verdict });
    expect(walked).toEqual(['in doubt', 'in doubt', 'finished']);
  });

  it.each(['all', 'attention'] as const)(
    'pages through %s in one order, without losing or repeating one',
    async (scope) => {
      await using state = await makeJobs();
      const whole = (await list(state, scope)).jobs.map(({ job }) => job.id);
      const asked = Array.from({ length: 20 }, (_, at) => list(state, scope, { offset: at * 7, limit: 7 }));
      const paged = (await Promise.all(asked)).flatMap(({ jobs }) => jobs).map(({ job }) => job.id);
      expect(paged).toEqual(whole);
    },
  );

  it.each([undefined, 'in doubt', 'inconsistent'] as const)(
    'pages behind the last job shown come to the same, of the word %s',
    async (attention) => {
      await using state = await makeJobs();
      const asked = { scope: 'all', ...(attention && { attention }) } as const;
      const whole = await listJobs(state.open(NOW_MS), { ...asked, offset: 0, limit: 1_000 });
      const paged: string[] = [];
      let after: ListCursor | undefined;
      do {
        const page = await listJobs(state.open(NOW_MS), { ...asked, offset: 0, limit: 7, ...(after && { after }) });
        expect(page.total).toBe(whole.total);
        paged.push(...page.jobs.map(({ job }) => job.id));
        const last = page.keys?.at(-1);
        after = last && new Map([[state.path, last]]);
      } while (after);
      expect(paged).toEqual(whole.jobs.map(({ job }) => job.id));
      const [first] = whole.keys ?? [];
      const from = first && new Map([[state.path, first]]);
      const skipped = await listJobs(state.open(NOW_MS), {
        ...asked,
        offset: 5,
        limit: 1_000,
        ...(from && { after: from }),
      });
      expect(skipped.jobs.map(({ job }) => job.id)).toEqual(whole.jobs.slice(6).map(({ job }) => job.id));
    },
  );
});
