/** What every source must keep: looking, and being refused, change nothing that is not Salvor's own. */
import { cpSync, readdirSync } from 'node:fs';
import { describe, expect, it, test } from 'vitest';
import { openSession } from '../../src/cli/compose.ts';
import { SOURCES } from '../../src/sources/registry.ts';
import { makeFakeReader } from '../helpers/fake-reader.ts';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { type Folder, makeFolder } from '../helpers/make-folder.ts';
import { runSalvor } from '../helpers/salvor.ts';
import { copyTauFixture } from '../helpers/tau-directory.ts';
import { snapshotFiles } from './contract/snapshot-files.ts';

/** A place of each source with one job that died. */
const PLACES: Readonly<Record<string, (folder: Folder) => Promise<string>>> = {
  async native(folder) {
    await using job = await makeLedgerJob({ rowCount: 3, verify: true });
    job.act({ k2: 'before' });
    expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
    cpSync(job.folder.path, folder.at('place'), { recursive: true, preserveTimestamps: true });
    return folder.at('place/state');
  },
  async tau(folder) {
    using tau = copyTauFixture('crashed-primary');
    cpSync(tau.path, folder.at('place'), { recursive: true, preserveTimestamps: true });
    return folder.at('place');
  },
};

const DENIED = JSON.stringify({ schema_version: 1, team_mode: true, bindings: [], roles: {} });

/** What looks, and what is refused, with nothing of the refusal to be kept in the place. */
const looks = (place: string): readonly (readonly string[])[] => [
  ['list', place],
  ['list', place, '--all', '--json'],
  ['--choice', 'review', place],
  ...['resume', 'cancel', 'pause', 'rollback'].map((choice) => [
    ...['--choice', choice, place, '--dry-run'],
    ...(choice === 'rollback' ? ['--checkpoint', 'primary'] : []),
  ]),
  ...['resume', 'restart', 'cancel'].map((choice) => ['--choice', choice, place, '--read-only', '--yes']),
];

describe.each(SOURCES.map(({ name }) => name))('a place of source %s', (name) => {
  test.concurrent('is as it was after everything that looks or is started read-only', async () => {
    await using folder = await makeFolder();
    const place = await PLACES[name]?.(folder);
    if (place === undefined) throw new Error(`make a place of source ${name} here`);
    const env = { XDG_STATE_HOME: folder.at('elsewhere') };
    const before = snapshotFiles(folder.at('place'));
    for (const args of looks(place)) {
      const { code, stderr } = await runSalvor(args, { env });
      expect([0, 3, 4], `${args.join(' ')}: ${stderr}`).toContain(code);
      expect(snapshotFiles(folder.at('place')), args.join(' ')).toEqual(before);
    }
  });

  test.concurrent('is changed by a refusal at most where Salvor keeps its own chain', async () => {
    await using folder = await makeFolder({ 'policy.json': DENIED });
    const place = await PLACES[name]?.(folder);
    if (place === undefined) throw new Error(`make a place of source ${name} here`);
    const env = { XDG_STATE_HOME: folder.at('elsewhere') };
    const isOwn = (file: string) =>
      name === 'native' && /^state(\/salvor\.db(-wal|-shm)?|\/jobs\/\w+(\/high-water\.json)?)?$/.test(file);
    const before = Object.entries(snapshotFiles(folder.at('place'))).filter(([file]) => !isOwn(file));
    for (const choice of ['resume', 'cancel']) {
      const args = ['--choice', choice, place, '--policy', folder.at('policy.json'), '--principal', 'eve'];
      const { code, stderr } = await runSalvor(args, { env });
      expect({ args, code }, stderr).toEqual({ args, code: 3 });
      expect(Object.entries(snapshotFiles(folder.at('place'))).filter(([file]) => !isOwn(file))).toEqual(before);
    }
  });
});

it('a source that nothing acts for is given no store when a choice is refused', async () => {
  await using folder = await makeFolder({ 'status.json': '{}' });
  const place = { path: folder.path, source: 'slurm', jobs: makeFakeReader() };
  expect(place.source in PLACES).toBe(false);
  const session = openSession(place as never, 'b1', {
    config: { principal: 'ops', stateDirectory: folder.path, stateNamed: true, readOnly: false } as never,
    policy: { type: 'none' },
    version: '0',
    stopGraceMs: 1,
    dryRun: false,
  });
  session.send({ type: 'inspect' });
  session.send({ type: 'choose', choice: 'resume' });
  session.send({ type: 'settle', units: [], as: 'done', reason: 'seen' });
  await session.idle();
  expect(session.snapshot()).toMatchObject({ stage: 'refused', error: { code: 'CHOICE_UNSUPPORTED' } });
  expect(readdirSync(folder.path)).toEqual(['status.json']);
});
