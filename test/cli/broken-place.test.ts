/** Several places, of which some cannot be read: the others are listed and recovered all the same. */
import { describe, expect, test } from 'vitest';
import { makeFolder } from '../helpers/make-folder.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { hashFiles } from '../helpers/state.ts';
import { copyTauFixture } from '../helpers/tau-directory.ts';

describe('among several places', () => {
  test.concurrent('list shows the jobs of those that can be read, names the others, and is no success', async () => {
    using tau = copyTauFixture('crashed-primary');
    await using folder = await makeFolder({ 'salvor.db': 'shopping list' });
    const before = hashFiles(folder.path);
    const targets = [folder.path, folder.at('missing'), tau.path];
    const listed = await runSalvor(['list', ...targets, '--json'], { env: tau.env });
    const answer = parseAnswer(listed);
    expect(pick(answer, 'jobs')).toMatchObject([{ source: 'tau' }]);
    expect(pick(answer, 'unread')).toMatchObject([
      { place: folder.path, error: { code: 'STATE_CORRUPT' } },
      { place: folder.at('missing'), error: { code: 'TARGET_UNKNOWN' } },
    ]);
    expect(listed.code).toBe(3);
    const missing = await runSalvor(['list', folder.at('missing'), tau.path], { env: tau.env });
    expect([missing.code, missing.stdout.split('\n').length]).toEqual([2, 3]);
    expect(missing.stderr).toContain(`${folder.at('missing')} does not exist`);
    const none = await runSalvor(['list', folder.at('missing'), folder.at('gone'), '--json'], { env: tau.env });
    expect([none.code, pick(parseAnswer(none), 'error.code')]).toEqual([2, 'TARGET_UNKNOWN']);
    expect(hashFiles(folder.path)).toEqual(before);
  });

  test.concurrent('a job is found by its id, and not by a name that the broken place may have too', async () => {
    using tau = copyTauFixture('crashed-primary');
    await using folder = await makeFolder({ 'salvor.db': 'shopping list' });
    const show = async (reference: string) => {
      const { code } = await runSalvor(['show', reference, folder.path, tau.path, '--json'], { env: tau.env });
      return code;
    };
    const id = String(pick(parseAnswer(await runSalvor(['list', tau.path, '--json'], { env: tau.env })), 'jobs.0.id'));
    expect([await show(id), await show('training'), await show(id.slice(0, 5))]).toEqual([0, 3, 3]);
  });

  test.concurrent('--all recovers what can be read, and refuses the rest by name', async () => {
    using tau = copyTauFixture('crashed-primary');
    await using folder = await makeFolder({ 'salvor.db': 'shopping list' });
    const before = hashFiles(folder.path);
    const ended = await runSalvor(
      ['--choice', 'resume', '--all', folder.path, folder.at('missing'), tau.path, '--json'],
      { env: tau.env },
    );
    const answer = parseAnswer(ended);
    expect(ended.code).toBe(3);
    expect(pick(answer, 'reports')).toMatchObject([{ choice: 'resume', job: { source: 'tau' } }]);
    expect(pick(answer, 'refused')).toMatchObject([
      { job: null, error: { code: 'STATE_CORRUPT' } },
      { job: null, error: { code: 'TARGET_UNKNOWN' } },
    ]);
    expect(hashFiles(folder.path)).toEqual(before);
  });
});
