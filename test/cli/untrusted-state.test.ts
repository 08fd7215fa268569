import { chmodSync, chownSync, readdirSync, renameSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { hashFiles } from '../helpers/state.ts';

const OTHER_UID = 65_534;
const isRoot = process.getuid?.() === 0;
if (!isRoot)
  process.stderr.write('not root: a state directory of another user cannot be made, those tests are skipped\n');

/** A job whose runner was killed, in the `.salvor` of its folder, which nobody names. */
async function makeDefaultState(): Promise<{ readonly job: LedgerJob; readonly state: string; readonly id: string }> {
  const job = await makeLedgerJob({ keys: ['3', '2', '1'], verify: true, more: 'write_back: {tracking: receipt}' });
  job.act({ '2': 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  const id = job.jobId();
  const state = job.folder.at('.salvor');
  renameSync(job.state, state);
  return { job, state, id };
}

/** Runs Salvor where the job is, with nothing named. */
const unnamed = (job: LedgerJob, args: readonly string[]) =>
  runSalvor(args, { cwd: job.folder.path, env: { SALVOR_STATE: '' } });

const acting = (id: string): readonly (readonly string[])[] => [
  ['--choice', 'resume', '--all'],
  ['--choice', 'resume', '--detach', '--job', id],
  ['--choice', 'restart', '--yes', '--job', id],
  ['--choice', 'cancel', '--job', id],
  ['settle', id, '--key', '2', '--as', 'pending', '--reason', 'not there'],
  ['write-back', id],
  ['run', 'job.yaml', '--again'],
  ['run', 'job.yaml', '--again', '--detach'],
];

async function expectOnlyLooking(job: LedgerJob, { id, names }: { id: string; names: readonly string[] }) {
  const before = hashFiles(job.folder.path);
  for (const args of acting(id)) {
    const ended = await unnamed(job, args);
    expect({ args, exit: ended.code }, ended.stderr).toEqual({ args, exit: 3 });
    expect(ended.stderr).toContain('was taken without being named');
    for (const name of [...names, '--state']) expect(ended.stderr).toContain(name);
  }
  const refused = await unnamed(job, ['--choice', 'cancel', '--json', '--job', id]);
  expect(pick(parseAnswer(refused), 'error.code')).toBe('STATE_UNTRUSTED');
  for (const args of [['list'], ['show', id], ['--choice', 'resume', '--dry-run', '--job', id]])
    expect((await unnamed(job, args)).code, args.join(' ')).toBe(0);
  expect(hashFiles(job.folder.path)).toEqual(before);
}

describe('a default state directory that somebody else may have filled', () => {
  test.runIf(isRoot)('STATE_UNTRUSTED: of another user is looked at alone, until it is named', async () => {
    const { job, state, id } = await makeDefaultState();
    await using _ = job;
    for (const name of ['', ...readdirSync(state)]) chownSync(join(state, name), OTHER_UID, OTHER_UID);
    await expectOnlyLooking(job, { id, names: [state, `user ${OTHER_UID} (mode 0700)`] });
    expect((await unnamed(job, ['--choice', 'resume', '--all', '--state', state])).code).toBe(0);
    expect(job.ledger()).toHaveLength(3);
  });

  test.runIf(isRoot)('STATE_UNTRUSTED: its store is another user’s', async () => {
    const { job, state, id } = await makeDefaultState();
    await using _ = job;
    chownSync(join(state, 'salvor.db'), OTHER_UID, OTHER_UID);
    await expectOnlyLooking(job, { id, names: [join(state, 'salvor.db'), `user ${OTHER_UID} (mode 0600)`] });
  });

  test('STATE_UNTRUSTED: everybody may write in it, and once they may not the job goes on', async () => {
    const { job, state, id } = await makeDefaultState();
    await using _ = job;
    chmodSync(state, 0o702);
    await expectOnlyLooking(job, { id, names: ['everybody may write', state, '(mode 0702)'] });
    chmodSync(state, 0o700);
    expect((await unnamed(job, ['--choice', 'resume'])).code).toBe(0);
  });
});

test('a default state directory that is a link of one’s own is acted on', async () => {
  const { job, state } = await makeDefaultState();
  await using _ = job;
  renameSync(state, job.folder.at('elsewhere'));
  symlinkSync('elsewhere', state);
  expect((await unnamed(job, ['--choice', 'resume'])).code).toBe(0);
});
