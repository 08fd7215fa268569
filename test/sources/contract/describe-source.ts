import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { listPlaces } from '../../../src/cli/list-places.ts';
import { findJob, type OpenPlace } from '../../../src/cli/open-places.ts';
import { ACTING_CHOICES, type JobRef } from '../../../src/core/job/schema.ts';
import type { JobQuery, ListCursor } from '../../../src/core/ports.ts';
import { SOURCES } from '../../../src/sources/registry.ts';
import { conduct, DENYING, type MakeSourceWorld, open, PRINCIPAL, type SourceWorld } from './source-world.ts';

const ALL: JobQuery = { scope: 'all', offset: 0, limit: 50 };

/** The facts that hold for every source. `name` is the source's in the registry. */
export function describeSource(name: string, make: MakeSourceWorld): void {
  describe(`the contract of sources: ${name}`, () => {
    describeLooking(name, make);
    describeListing(make);
    describeRefusing(make);
    // By its row, which may be registered by the test alone.
    if (SOURCES.find((source) => source.name === name)?.act) describeActing(make);
    else describeReadOnly(make);
  });
}

function openOnly(world: SourceWorld, asking = {}): OpenPlace {
  const [place] = open([world.target], asking);
  if (!place) throw new Error(`nothing was opened for ${world.target}`);
  return place;
}

async function findOnly(place: OpenPlace): Promise<JobRef> {
  const { jobs } = await place.jobs.list({ ...ALL, scope: 'attention' });
  const [only] = jobs;
  if (!only || jobs.length > 1) throw new Error(`${jobs.length} jobs wait in ${place.path}`);
  return only.job;
}

/** Asks everything that can be asked of a place. */
async function lookEverywhere({ jobs }: OpenPlace, { id, name }: JobRef): Promise<void> {
  for (const scope of ['all', 'attention'] as const) await jobs.list({ ...ALL, scope, withReceipts: true });
  await jobs.list({ ...ALL, verdict: 'interrupted', text: name });
  for (const reference of [id, name, id.slice(0, 4), 'nobody']) await jobs.find(reference, 10);
  await jobs.collect(id);
  await jobs.units(id, { statuses: [], offset: 0, limit: 10 });
  await jobs.namedUnits(id, { keys: ['1'], numbers: [1] });
  await jobs.unitRecords?.(id, { statuses: [], afterNumber: 0, limit: 10 });
  await jobs.audit(id);
  await jobs.logTail(id, 10);
  await jobs.report(id);
  await jobs.foreignReport?.(id);
  await jobs.sole?.();
  jobs.watch(() => {})();
}

function describeLooking(name: string, make: MakeSourceWorld): void {
  it('to look changes no byte, time, mode or entry of a place', async () => {
    await using world = await make();
    const place = openOnly(world);
    const job = await findOnly(place);
    expect(job.source).toBe(name);
    const before = await world.snapshot();
    await lookEverywhere(openOnly(world), job);
    expect(await world.snapshot()).toEqual(before);
  });

  it('to look makes nothing of a place that is not there', async () => {
    await using world = await make();
    const before = await world.snapshot();
    const ask = async (): Promise<unknown> => {
      const [place] = open([world.missing], {}, name);
      await place?.jobs.find('nobody', 1);
      return (await place?.jobs.list(ALL))?.jobs;
    };
    // Empty, or said not to be there: the source decides.
    const answer = await ask().catch((thrown: unknown) => thrown);
    if (answer instanceof Error) expect(answer).toMatchObject({ code: 'TARGET_UNKNOWN' });
    else expect(answer).toEqual([]);
    expect(existsSync(world.missing)).toBe(false);
    expect(await world.snapshot()).toEqual(before);
  });

  it('a job is found by id, name and the beginning of its id; a word for none of them finds nothing', async () => {
    await using world = await make();
    const place = openOnly(world);
    const job = await findOnly(place);
    for (const reference of [job.id, job.name, job.id.slice(0, 4)])
      expect(await place.jobs.find(reference, 10), reference).toEqual([job]);
    for (const reference of ['nobody', '', `${job.id}x`, job.name.slice(1)])
      expect(await place.jobs.find(reference, 10), reference).toEqual([]);
    await expect(findJob([place], 'nobody')).rejects.toThrow(expect.objectContaining({ code: 'JOB_UNKNOWN' }));
  });

  it('JOB_UNKNOWN: a job that the place does not have', async () => {
    await using world = await make();
    const { jobs } = openOnly(world);
    const unknown = expect.objectContaining({
      code: 'JOB_UNKNOWN',
      details: expect.objectContaining({ job: 'nobody' }),
    });
    await expect(jobs.collect('nobody')).rejects.toThrow(unknown);
    await expect(jobs.audit('nobody')).rejects.toThrow(unknown);
    await expect(jobs.units('nobody', { statuses: [], offset: 0, limit: 1 })).rejects.toThrow(unknown);
    await expect(jobs.namedUnits('nobody', { keys: ['k'], numbers: [1] })).rejects.toThrow(unknown);
    expect(await jobs.report('nobody').catch(() => undefined)).toBeUndefined();
    expect(await jobs.logTail('nobody', 1)).toEqual([]);
  });
}

async function readPages({ jobs }: OpenPlace, limit: number, between = async () => {}): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let offset = 0; ; offset += limit) {
    const page = await jobs.list({ ...ALL, offset, limit });
    if (page.jobs.length === 0) return ids;
    ids.push(...page.jobs.map(({ job }) => job.id));
    await between();
  }
}

function describeListing(make: MakeSourceWorld): void {
  it('pages have every job once, in the order of the whole list', async () => {
    await using world = await make();
    for (let index = 0; index < 6; index += 1) await world.addJob?.(`more ${index}`);
    const place = openOnly(world);
    const { jobs, total } = await place.jobs.list(ALL);
    expect([jobs.length, total]).toEqual(world.addJob ? [7, 7] : [1, 1]);
    for (const limit of [1, 3]) expect(await readPages(place, limit)).toEqual(jobs.map(({ job }) => job.id));
    expect(await place.jobs.list({ ...ALL, offset: 7, limit: 3 })).toMatchObject({ jobs: [], total });
  });

  it('while jobs are added pages lose none of those that were there', async () => {
    await using world = await make();
    for (let index = 0; index < 4; index += 1) await world.addJob?.(`more ${index}`);
    const place = openOnly(world);
    const { jobs } = await place.jobs.list(ALL);
    let added = 0;
    const ids = await readPages(place, 2, async () => {
      if (added < 2) await world.addJob?.(`new ${added}`);
      added += 1;
    });
    expect(new Set(ids)).toEqual(new Set([...ids, ...jobs.map(({ job }) => job.id)]));
  });

  it('what is read on from the last jobs shown loses and repeats none, whatever comes and ends meanwhile', async () => {
    await using world = await make();
    await using other = await make();
    for (let index = 0; index < 4; index += 1) {
      await world.addJob?.(`one ${index}`);
      await other.addJob?.(`other ${index}`);
    }
    const places = open([world.target, other.target]);
    const whole = (await listPlaces(places, ALL)).jobs.map(({ job }) => job.id);
    const paged: string[] = [];
    for (let after: ListCursor | undefined, added = 0; added < 20; added += 1) {
      const page = await listPlaces(places, { ...ALL, limit: 2, ...(after && { after }) });
      if (page.jobs.length === 0) break;
      paged.push(...page.jobs.map(({ job }) => job.id));
      after = page.next;
      // It is the newest, so it comes before whatever was shown.
      if (added < 3) await world.addJob?.(`new ${added}`);
    }
    expect(paged.filter((id) => whole.includes(id))).toEqual(whole);
    expect(new Set(paged).size).toBe(paged.length);
  });

  it('a list leaves out what is not asked for, and a name that two jobs have is ambiguous', async () => {
    await using world = await make();
    const place = openOnly(world);
    const { id, name, kind } = await findOnly(place);
    const find = async (query: Partial<JobQuery>) => (await place.jobs.list({ ...ALL, ...query })).jobs.length;
    expect([await find({ kind }), await find({ text: name }), await find({ text: id })]).toEqual([1, 1, 1]);
    expect([await find({ kind: 'none' }), await find({ text: 'nobody' }), await find({ verdict: 'alive' })]).toEqual([
      0, 0, 0,
    ]);
    const elsewhere = world.addJob ? [place] : [place, { ...place }];
    await world.addJob?.(name);
    const ambiguous = expect.objectContaining({ code: 'JOB_AMBIGUOUS' });
    await expect(findJob(elsewhere, name)).rejects.toThrow(ambiguous);
  });

  it('a damaged place is an error of its own beside one that is whole, in either order', async () => {
    await using world = await make();
    await using damaged = await make();
    await damaged.damage?.();
    const expected = await findOnly(openOnly(world));
    for (const targets of [
      [world.target, damaged.target],
      [damaged.target, world.target],
    ]) {
      const page = await listPlaces(open(targets), ALL);
      expect(page.jobs.map(({ job }) => job.id)).toEqual([expected.id]);
      expect(page.unread?.map(({ path }) => path)).toEqual([damaged.target]);
      expect(page.unread?.[0]?.error.code).toMatch(/^(STATE_|TARGET_)/);
    }
  });

  it('jobs of two places have ids of their own, and are paged as those of one', async () => {
    await using world = await make();
    await using other = await make();
    for (let index = 0; index < 2; index += 1) {
      await world.addJob?.(`one ${index}`);
      await other.addJob?.(`other ${index}`);
    }
    const places = open([world.target, other.target]);
    const whole = (await listPlaces(places, ALL)).jobs.map(({ job }) => job.id);
    expect(new Set(whole).size).toBe(world.addJob ? 6 : 2);
    const paged: string[] = [];
    for (let offset = 0; offset < whole.length; offset += 2)
      paged.push(...(await listPlaces(places, { ...ALL, offset, limit: 2 })).jobs.map(({ job }) => job.id));
    expect(paged).toEqual(whole);
  });
}

function describeRefusing(make: MakeSourceWorld): void {
  it('read-only: every choice is refused, and nothing is changed', async () => {
    await using world = await make();
    const place = openOnly(world);
    const { id: jobId } = await findOnly(place);
    const before = await world.snapshot();
    for (const choice of ACTING_CHOICES) {
      const state = await conduct(place, { jobId, choice, readOnly: true });
      expect({ choice, stage: state.stage }).toEqual({ choice, stage: 'refused' });
    }
    expect(await world.snapshot()).toEqual(before);
  });

  it('a policy that denies, or a choice there is not: refused, and no store is made in a directory of others', async () => {
    await using world = await make();
    const place = openOnly(world);
    const { id: jobId } = await findOnly(place);
    const before = await world.snapshot();
    const [effects, audited] = [world.effects(), (await place.jobs.audit(jobId)).length];
    for (const choice of ACTING_CHOICES) {
      const state = await conduct(place, { jobId, choice, policy: DENYING });
      expect({ choice, stage: state.stage }).toEqual({ choice, stage: 'refused' });
    }
    expect(world.effects()).toEqual(effects);
    const audit = await place.jobs.audit(jobId);
    if (world.keepsRefusals) {
      expect(audit.length).toBeGreaterThan(audited);
      expect(audit.at(-1)).toMatchObject({ outcome: 'refused', principal: PRINCIPAL });
    } else {
      expect(await world.snapshot()).toEqual(before);
    }
  });
}

function describeReadOnly(make: MakeSourceWorld): void {
  it('nothing acts on it: every choice is refused as such, whoever asks, and nothing is changed', async () => {
    await using world = await make();
    const place = openOnly(world);
    const { id: jobId } = await findOnly(place);
    const before = await world.snapshot();
    for (const choice of ['resume', 'cancel'] as const) {
      const state = await conduct(place, { jobId, choice });
      expect(state).toMatchObject({ stage: 'refused', error: { code: 'CHOICE_UNSUPPORTED' } });
    }
    expect(await world.snapshot()).toEqual(before);
    expect(world.effects()).toEqual([]);
  });
}

function describeActing(make: MakeSourceWorld): void {
  it('resume does what is left with a real process, once, and is audited and reported', async () => {
    await using world = await make();
    const asking = world.command === undefined ? {} : { command: world.command };
    const place = openOnly(world, asking);
    const { id: jobId } = await findOnly(place);
    const before = world.effects().length;
    const audited = (await place.jobs.audit(jobId)).length;
    const state = await conduct(place, { jobId, choice: 'resume', ...asking });
    expect(state).toMatchObject({ stage: 'reported', report: { choice: 'resume', outcome: { status: 'recovered' } } });
    expect(world.effects().length).toBeGreaterThan(before);
    expect(new Set(world.effects()).size).toBe(world.effects().length);
    expect((await place.jobs.audit(jobId)).slice(audited)).toContainEqual(
      expect.objectContaining({ action: 'resume', outcome: 'done', principal: PRINCIPAL }),
    );
    const report = await openOnly(world).jobs.report(jobId);
    expect(report).toMatchObject({ choice: 'resume', job: { id: jobId }, outcome: { status: 'recovered' } });
    if (state.stage === 'reported') expect(report).toEqual(state.report);
  });

  it('cancel is audited and reported, does nothing of the work, and leaves nobody waiting', async () => {
    await using world = await make();
    const place = openOnly(world);
    const { id: jobId } = await findOnly(place);
    const effects = world.effects();
    const state = await conduct(place, { jobId, choice: 'cancel' });
    expect(state).toMatchObject({ stage: 'reported', report: { choice: 'cancel', outcome: { status: 'cancelled' } } });
    expect(world.effects()).toEqual(effects);
    expect((await place.jobs.audit(jobId)).at(-1)).toMatchObject({
      action: 'cancel',
      outcome: 'done',
      principal: PRINCIPAL,
    });
    expect(await openOnly(world).jobs.report(jobId)).toMatchObject({ choice: 'cancel', job: { id: jobId } });
    expect((await place.jobs.list({ ...ALL, verdict: 'interrupted' })).jobs).toEqual([]);
    // Said again it is refused, or is the same once more where the format has it so.
    const again = await conduct(place, { jobId, choice: 'cancel' });
    if (again.stage !== 'refused') expect(again).toMatchObject({ report: { outcome: { status: 'cancelled' } } });
  });
}
