import { chmodSync, chownSync, mkdirSync, symlinkSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { makeLedgerJob } from '../helpers/ledger-job.ts';
import { makeFolder } from '../helpers/make-folder.ts';
import { makeOtherUser } from '../helpers/other-user.ts';
import { parseAnswer, pick, runSalvor, type StartOptions } from '../helpers/salvor.ts';

const isRoot = process.geteuid?.() === 0;

type Check = { readonly name: string; readonly state: string; readonly found: string };

async function examine(state: string, options: StartOptions = {}) {
  const ended = await runSalvor(['doctor', '--state', state, '--json'], options);
  const checks = pick(parseAnswer(ended), 'checks') as readonly Check[];
  return { exit: ended.code, checks: checks.filter((check) => check.name === 'state') };
}

describe('salvor doctor on a state directory', () => {
  test.concurrent('one that is not there and can be made is fine', async () => {
    await using folder = await makeFolder();
    expect(await examine(folder.at('new/state'))).toMatchObject({ exit: 0, checks: [{ state: 'ok' }] });
  });

  test.concurrent.each<readonly [what: string, name: string, found: RegExp]>([
    ['below a file', 'file/below/state', /ENOTDIR|is not a directory/],
    ['a loop of links', 'loop', /ELOOP/],
    ['below a loop of links', 'loop/state', /ELOOP/],
    ['a file', 'file', /not a directory/],
  ])('one that cannot be used or made is broken, exit 3: %s', async (_what, name, found) => {
    await using folder = await makeFolder({ file: '' });
    symlinkSync(folder.at('loop'), folder.at('loop'));
    const answer = await examine(folder.at(name));
    expect(answer).toMatchObject({ exit: 3, checks: [{ state: 'broken', found: expect.stringMatching(found) }] });
  });

  test.concurrent('what others may read is a warning, by name and mode', async () => {
    await using job = await makeLedgerJob({ rowCount: 1 });
    expect((await job.salvor(['run', 'job.yaml'])).code).toBe(0);
    expect((await examine(job.state)).checks).toMatchObject([{ state: 'ok' }]);
    chmodSync(job.state, 0o755);
    chmodSync(`${job.state}/salvor.db`, 0o644);
    chmodSync(`${job.state}/jobs/${job.jobId()}/lease.lock`, 0o640);
    const { exit, checks } = await examine(job.state);
    expect(exit).toBe(0);
    expect(checks.map(({ state, found }) => `${state} ${found.slice(job.state.length)}`)).toEqual([
      'warning  has mode 755',
      'warning /salvor.db has mode 644',
      `warning /jobs/${job.jobId()}/lease.lock has mode 640`,
    ]);
  });

  test.runIf(isRoot)('one that may not be made in the directory above is broken', async () => {
    await using folder = await makeFolder();
    await using other = await makeOtherUser();
    chmodSync(folder.path, 0o755);
    const answer = await examine(folder.at('new/state'), other);
    expect(answer).toMatchObject({
      exit: 3,
      checks: [{ state: 'broken', found: expect.stringMatching(/cannot be made/) }],
    });
  });

  test.runIf(isRoot)('one of another user is a warning', async () => {
    await using folder = await makeFolder();
    mkdirSync(folder.at('state'), { mode: 0o700 });
    chownSync(folder.at('state'), 65_534, 65_534);
    expect((await examine(folder.at('state'))).checks).toMatchObject([
      { state: 'warning', found: expect.stringContaining('belongs to user 65534, not 0') },
    ]);
  });
});
