import { describe, expect, it } from 'vitest';
import { combinePlaces } from '../../src/cli/combine-places.ts';
import { listPlaces } from '../../src/cli/list-places.ts';
import type { OpenPlace } from '../../src/cli/open-places.ts';
import { parseArgs } from '../../src/cli/parse-args.ts';
import { selectJobs } from '../../src/cli/select-jobs.ts';
import { ATTENTIONS, type Choice, type JobSummary } from '../../src/core/job/schema.ts';
import { makeFakeReader, sampleUnreadable } from '../helpers/fake-reader.ts';
import { sampleEvidence, sampleSummary } from '../helpers/sample-evidence.ts';

const QUERY = { scope: 'attention', offset: 0, limit: 10 } as const;

/** A line of a list; \`atMs\` is when it stopped, \`rtoSeconds\` how long there is left to recover it. */
function summary(id: string, atMs?: number, rtoSeconds?: number): JobSummary {
  const {
    interruptedAtMs: _at,
    sinceMs: _since,
    ...rest
  } = sampleSummary({ job: { ...sampleEvidence().job, id, name: `name ${id}` } });
  const objectives = { tier: 'gold', rtoSeconds: 3600, rpoSeconds: 1800, rpoExposureSeconds: 0 };
  return {
    ...rest,
    ...(atMs !== undefined && { interruptedAtMs: atMs, sinceMs: atMs }),
    ...(rtoSeconds !== undefined && { objectives: { ...objectives, rtoRemainingSeconds: rtoSeconds } }),
  };
}

function place(path: string, ...jobs: readonly JobSummary[]): OpenPlace {
  const reader = makeFakeReader({ jobs });
  const find: OpenPlace['jobs']['find'] = async (reference) =>
    jobs.filter(({ job }) => job.id === reference || job.name === reference).map(({ job }) => job);
  return { path, source: 'native', jobs: { ...reader, find } };
}
const ids = (jobs: readonly JobSummary[]) => jobs.map(({ job }) => job.id);

describe('listPlaces', () => {
  it('puts least recovery time left first, then what stopped last, then what never did', async () => {
    const one = place('a', summary('overdue', 1, -5), summary('late', 1), summary('never'));
    const other = place('b', summary('soon', 9, 60), summary('latest', 7));
    const { jobs, total } = await listPlaces([one, other], QUERY);
    expect(ids(jobs)).toEqual(['overdue', 'soon', 'latest', 'late', 'never']);
    expect(total).toBe(5);
  });

  it('puts what must be known before how recent it is', async () => {
    const lines = ATTENTIONS.map((attention, index) => ({ ...summary(attention, index), attention }));
    const { jobs } = await listPlaces([place('a', ...lines), place('b', summary('older', 0))], {
      ...QUERY,
      limit: 20,
    });
    expect(ids(jobs).toSpliced(4, 1)).toEqual(ATTENTIONS);
    expect(ids(jobs)[4]).toBe('older');
  });

  it('pages through all places as through one', async () => {
    const places = [
      place('a', summary('6', 6), summary('4', 4), summary('2', 2)),
      place('b', summary('5', 5), summary('3', 3), summary('1', 1)),
    ];
    const pages = await Promise.all([0, 2, 4, 6].map((offset) => listPlaces(places, { ...QUERY, offset, limit: 2 })));
    expect(pages.map(({ jobs }) => ids(jobs).join(' '))).toEqual(['6 5', '4 3', '2 1', '']);
    expect(pages.map(({ total }) => total)).toEqual([6, 6, 6, 6]);
  });

  it('pages without loss or repeats where a closer look found something wrong late in a place', async () => {
    const bad = { ...summary('bad', 1), attention: 'inconsistent' } as const;
    const places = [place('a', summary('6', 6), summary('4', 4), bad), place('b', summary('5', 5), summary('3', 3))];
    const pages = await Promise.all([0, 2, 4].map((offset) => listPlaces(places, { ...QUERY, offset, limit: 2 })));
    expect(pages.map(({ jobs }) => ids(jobs).join(' '))).toEqual(['6 5', 'bad 4', '3']);
    expect(ids((await listPlaces(places, QUERY)).jobs)[0]).toBe('bad');
    expect(ids((await listPlaces(places.slice(0, 1), QUERY)).jobs)).toEqual(['bad', '6', '4']);
  });

  it('names a place that cannot be read or does not answer, and lists the others', async () => {
    const good = place('good', summary('2', 2), summary('1', 1));
    const broken = {
      ...place('broken'),
      jobs: { ...place('broken').jobs, list: async () => Promise.reject(sampleUnreadable()) },
    };
    const slow = { ...place('slow'), jobs: { ...place('slow').jobs, list: () => new Promise<never>(() => {}) } };
    const page = await listPlaces([slow, broken, good], QUERY, 1);
    expect([ids(page.jobs), page.total]).toEqual([['2', '1'], 2]);
    expect(page.unread).toMatchObject([
      { path: 'slow', error: { code: 'STATE_UNREACHABLE', message: expect.stringContaining('slow did not answer') } },
      { path: 'broken', error: { code: 'STATE_UNREADABLE' } },
    ]);
    expect(await listPlaces([good, good], QUERY)).not.toHaveProperty('unread');
  });

  it('STATE_UNREADABLE: no place can be read', async () => {
    const list = async () => Promise.reject(sampleUnreadable());
    const broken = { ...place('broken'), jobs: { ...place('broken').jobs, list } };
    const unreadable = expect.objectContaining({ code: 'STATE_UNREADABLE' });
    await expect(listPlaces([broken], QUERY)).rejects.toThrow(unreadable);
    await expect(listPlaces([broken, broken], QUERY)).rejects.toThrow(unreadable);
  });

  it('asks one place for just the page', async () => {
    const reader = makeFakeReader({ jobs: [summary('1', 1), summary('2', 2)] });
    const only: OpenPlace = { path: 'a', source: 'native', jobs: { ...reader, find: async () => [] } };
    await listPlaces([only], { ...QUERY, offset: 1, limit: 1 });
    expect(reader.queries).toEqual([{ ...QUERY, offset: 1, limit: 1 }]);
    expect(await listPlaces([], QUERY)).toEqual({ jobs: [], total: 0, goingOn: 0 });
  });
});

describe('combinePlaces', () => {
  it('knows from the lists it read in which place a job is', async () => {
    const places = [place('a', summary('1', 1)), place('b', summary('2', 2))];
    const { reader, placeOf } = combinePlaces(places);
    expect(() => placeOf('2')).toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN', details: { job: '2' } }));
    await reader.list(QUERY);
    expect([placeOf('1').path, placeOf('2').path]).toEqual(['a', 'b']);
    expect(() => placeOf('3')).toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN' }));
  });

  it('JOB_AMBIGUOUS: a place and a copy of it have the same job', async () => {
    const { reader, placeOf } = combinePlaces([
      place('a', summary('1', 1), summary('2', 2)),
      place('copy', summary('1', 1)),
    ]);
    for (let times = 0; times < 2; times += 1) await reader.list(QUERY);
    expect(placeOf('2').path).toBe('a');
    const details = { job: '1', places: ['a', 'copy'] };
    expect(() => placeOf('1')).toThrow(expect.objectContaining({ code: 'JOB_AMBIGUOUS', details }));
  });

  it('needs no list when there is one place', () => {
    const only = place('a');
    expect(combinePlaces([only]).placeOf('any').path).toBe('a');
  });

  it('tells of changes in any place, until it is stopped', () => {
    const readers = [makeFakeReader(), makeFakeReader()];
    const places = readers.map((reader, index) => ({
      path: String(index),
      source: 'native',
      jobs: { ...reader, find: async () => [] },
    }));
    let told = 0;
    const stop = combinePlaces(places).reader.watch(() => {
      told += 1;
    });
    for (const reader of readers) reader.changed();
    expect(told).toBe(2);
    stop();
    for (const reader of readers) reader.changed();
    expect(told).toBe(2);
  });
});

describe('selectJobs', () => {
  const ALIVE = { ...summary('busy'), verdict: 'alive', attention: 'running' } as const;
  const select = async (places: readonly OpenPlace[], line: string, choice: Choice = 'resume') => {
    const { jobs, several } = await selectJobs(
      places,
      parseArgs(`--choice ${choice} ${line}`.trim().split(' ')),
      choice,
    );
    return [jobs.map((one) => `${one.place.path}/${one.ref.id}`).join(' '), several];
  };
  const two = [place('a', summary('1', 1)), place('b', summary('2', 2))];

  it('takes the only job that needs it, those named once each, or all', async () => {
    expect(await select([place('a', summary('1', 1))], '')).toEqual(['a/1', false]);
    expect(await select(two, '--job 2')).toEqual(['b/2', false]);
    expect(await select(two, '--job 2 --job 1 --job 2')).toEqual(['b/2 a/1', true]);
    expect(await select(two, '--all')).toEqual(['a/1 b/2', true]);
  });

  it.each([
    ['JOB_AMBIGUOUS', two, ''],
    ['JOB_UNKNOWN', two, '--job 3'],
    ['JOB_AMBIGUOUS', [place('a', summary('1')), place('b', summary('1'))], '--job 1'],
    ['USAGE_INVALID', two, '--job 1 --all'],
    ['NOTHING_TO_RECOVER', [place('a')], ''],
    ['NOTHING_TO_RECOVER', [place('a')], '--all'],
  ])('%s', async (code, places, line) => {
    await expect(select(places, line)).rejects.toThrow(expect.objectContaining({ code }));
  });

  it('leaves out of all what two places have, and places that cannot be read, and says so', async () => {
    const broken = {
      ...place('broken'),
      jobs: { ...place('broken').jobs, list: async () => Promise.reject(sampleUnreadable()) },
    };
    const places = [place('a', summary('1', 1), summary('2', 2)), place('copy', summary('1', 1)), broken];
    const { jobs, lost = [] } = await selectJobs(places, parseArgs(['--choice', 'resume', '--all']), 'resume');
    expect(jobs.map(({ ref }) => ref.id)).toEqual(['2']);
    expect(lost.map(({ code }) => code)).toEqual(['JOB_AMBIGUOUS', 'STATE_UNREADABLE']);
    // Which job is the only one cannot be said.
    await expect(select([place('a', summary('1', 1)), broken], '')).rejects.toThrow(
      expect.objectContaining({ code: 'STATE_UNREADABLE' }),
    );
  });

  it('names the candidates', async () => {
    await expect(select(two, '')).rejects.toThrow(
      expect.objectContaining({
        message: expect.stringContaining('2 jobs: 1 (name 1), 2 (name 2)'),
        details: {
          candidates: [
            { id: '1', name: 'name 1' },
            { id: '2', name: 'name 2' },
          ],
        },
      }),
    );
  });

  it('takes the only running job when nothing needs it, but to cancel it asks for its name', async () => {
    const reader = makeFakeReader();
    const list: OpenPlace['jobs']['list'] = async ({ scope }) =>
      scope === 'attention' ? { jobs: [ALIVE], total: 1 } : { jobs: [], total: 0 };
    const places = [{ path: 'a', source: 'native', jobs: { ...reader, list, find: async () => [] } }];
    expect(await select(places, '')).toEqual(['a/busy', false]);
    expect(await select(places, '', 'restart')).toEqual(['a/busy', false]);
    await expect(select(places, '', 'cancel')).rejects.toThrow(expect.objectContaining({ code: 'NOTHING_TO_RECOVER' }));
  });
});
