/** Where the access policy of a state directory is looked for: no way around it. */
import { chmodSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findPolicyPaths } from '../../../src/sources/tau/find-policy-paths.ts';
import { makeOtherUser } from '../../helpers/other-user.ts';
import { parseAnswer, pick, runSalvor, type StartOptions } from '../../helpers/salvor.ts';
import { copyTauFixture, type TauFolder } from '../../helpers/tau-directory.ts';

const DENIES = '{"team_mode":true,"bindings":[],"roles":{}}';
const ALLOWS = '{"team_mode":false}';

function writePolicy(home: string, text: string): void {
  mkdirSync(join(home, 'security'), { recursive: true });
  writeFileSync(join(home, 'security', 'rbac.json'), text);
}

async function cancel(folder: TauFolder, path: string, options: StartOptions = {}) {
  const ended = await runSalvor(['--choice', 'cancel', path, '--principal', 'local:eve', '--json'], {
    env: folder.env,
    ...options,
  });
  return { code: ended.code, error: pick(parseAnswer(ended), 'error.code') };
}

const DENIED = { code: 3, error: 'ACCESS_DENIED' };

describe('the access policy of a Tau state directory', () => {
  it('a link to the directory does not hide the policy beside it, nor does a permissive one beside the link', async () => {
    using folder = copyTauFixture('crashed-primary');
    writePolicy(dirname(folder.path), DENIES);
    const home = join(dirname(folder.path), 'eve');
    writePolicy(home, ALLOWS);
    symlinkSync(folder.path, join(home, 'training'));
    expect(await cancel(folder, join(home, 'training'))).toEqual(DENIED);
  });

  it('the policy of the project that the link is in counts as well', async () => {
    using folder = copyTauFixture('crashed-primary');
    const home = join(dirname(folder.path), 'project', '.tau');
    writePolicy(home, DENIES);
    symlinkSync(folder.path, join(home, 'training'));
    expect(await cancel(folder, join(home, 'training'))).toEqual(DENIED);
  });

  it('a directory deeper in .tau has the policy of that .tau', async () => {
    using folder = copyTauFixture('crashed-primary');
    const home = join(dirname(folder.path), 'project', '.tau');
    writePolicy(home, DENIES);
    const deep = join(home, 'rl', 'runs', 'one');
    cpSync(folder.path, deep, { recursive: true });
    expect(await cancel(folder, deep)).toEqual(DENIED);
  });

  it('a directory of another shape has the policy of the project in the working directory, as Tau looks for it', async () => {
    using folder = copyTauFixture('crashed-primary');
    const project = join(dirname(folder.path), 'project');
    writePolicy(join(project, '.tau'), DENIES);
    expect(await cancel(folder, folder.path, { cwd: project })).toEqual(DENIED);
    expect((await cancel(folder, folder.path)).code).toBe(0);
  });

  it('one that denies is not outvoted by one that allows', async () => {
    using folder = copyTauFixture('crashed-primary');
    const project = join(dirname(folder.path), 'project');
    writePolicy(join(project, '.tau'), ALLOWS);
    writePolicy(dirname(folder.path), DENIES);
    expect(await cancel(folder, folder.path, { cwd: project })).toEqual(DENIED);
  });

  it.runIf(process.getuid?.() === 0)('a policy in a directory that may not be searched denies', async () => {
    using folder = copyTauFixture('crashed-primary');
    const security = join(dirname(folder.path), 'security');
    writePolicy(dirname(folder.path), ALLOWS);
    chmodSync(security, 0o700);
    for (const path of [dirname(folder.path), folder.path]) chmodSync(path, 0o777);
    await using other = await makeOtherUser();
    const { code, error } = await cancel(folder, folder.path, other);
    expect({ code, error }).toEqual({ code: 3, error: 'POLICY_INVALID' });
  });

  it('findPolicyPaths: beside, in every .tau above, and in the working directory; both ends of a link, each once', () => {
    expect(findPolicyPaths('/nowhere/walker/.tau/training', '/nowhere/walker')).toEqual([
      '/nowhere/walker/.tau/security/rbac.json',
    ]);
    expect(findPolicyPaths('../data/state', '/nowhere/walker')).toEqual([
      '/nowhere/data/security/rbac.json',
      '/nowhere/walker/.tau/security/rbac.json',
    ]);
  });
});
