import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readAccessPolicy } from '../../src/platform/read-access-policy.ts';
import { resolvePolicyPath } from '../../src/platform/resolve-policy-path.ts';
import { type Folder, makeFolder } from '../helpers/make-folder.ts';
import { withoutRights } from '../helpers/other-user.ts';

const POLICY = JSON.stringify({
  team_mode: true,
  bindings: [{ principal: 'ops', roles: ['all'] }],
  roles: { all: { allow: ['*'] } },
});

type Obstacle = readonly [what: string, name: string, make: (at: Folder['at']) => unknown, reason: RegExp];

/** What there may be in the place of a policy that is neither one nor nothing: the name asked for, and the reason. */
const OBSTACLES: readonly Obstacle[] = [
  ['a directory', 'p', (at) => mkdirSync(at('p')), /a directory stands at this path/],
  ['a FIFO', 'p', (at) => execFileSync('mkfifo', [at('p')]), /a special file stands at this path/],
  ['a link that leads nowhere', 'p', (at) => symlinkSync(at('gone'), at('p')), /p is a link that leads nowhere/],
  [
    'below a link that leads nowhere',
    'security/rbac.json',
    (at) => symlinkSync(at('gone'), at('security')),
    /security is a link that leads nowhere/,
  ],
  ['links in a circle', 'p', (at) => symlinkSync(at('p'), at('p')), /its links lead in a circle \(ELOOP\)/],
  ['below a file', 'f/p', (at) => writeFileSync(at('f'), ''), /a file stands where a directory is needed/],
  [
    'in a directory that may not be searched',
    'd/p',
    (at) => {
      mkdirSync(at('d'));
      writeFileSync(at('d/p'), POLICY);
      chmodSync(at('d'), 0);
    },
    /may not be searched \(EACCES\)/,
  ],
  [
    'not there, in a directory that may not be searched',
    'd/p',
    (at) => {
      mkdirSync(at('d'));
      chmodSync(at('d'), 0);
    },
    /may not be searched \(EACCES\)/,
  ],
  [
    'a file that may not be read',
    'p',
    (at) => {
      writeFileSync(at('p'), POLICY);
      chmodSync(at('p'), 0);
    },
    /no permission to read it \(EACCES\)/,
  ],
  ['a file of over 1 MiB', 'p', (at) => writeFileSync(at('p'), ' '.repeat(1024 * 1024 + 1)), /at most 1048576/],
];

describe('readAccessPolicy', () => {
  it.each(OBSTACLES)('denies, and never takes for absent, %s', async (...[, name, make, reason]) => {
    await using folder = await makeFolder();
    chmodSync(folder.path, 0o755);
    make(folder.at);
    const path = folder.at(name);
    for (const whenAbsent of ['none', 'invalid'] as const) {
      const policy = await withoutRights(() => readAccessPolicy(path, { whenAbsent }));
      expect(policy).toMatchObject({ type: 'invalid', path, problem: expect.stringMatching(reason) });
    }
    execFileSync('chmod', ['-R', 'u+rwX', folder.path]);
  });

  it('reads what the links of its path lead to', async () => {
    await using folder = await makeFolder({ 'real.json': POLICY });
    symlinkSync('real.json', folder.at('b.json'));
    symlinkSync(folder.at('b.json'), folder.at('a.json'));
    const policy = await readAccessPolicy(folder.at('a.json'), { whenAbsent: 'none' });
    expect(policy).toMatchObject({ type: 'file', path: folder.at('a.json'), file: { team_mode: true } });
    expect(await resolvePolicyPath(folder.at('a.json'))).toEqual({
      state: 'found',
      path: realpathSync(folder.at('real.json')),
    });
  });

  it.each(['{}', '{"bindings":[{"principal":"ada","roles":["d"]}],"roles":{"d":{"deny":["*"]}}}'])(
    'takes %s, which leaves team mode off without a word, only where nobody named it',
    async (text) => {
      await using folder = await makeFolder();
      writeFileSync(folder.at('p'), text);
      expect(await readAccessPolicy(folder.at('p'), { whenAbsent: 'none' })).toMatchObject({ type: 'file' });
      const named = await readAccessPolicy(folder.at('p'), { whenAbsent: 'invalid' });
      expect(named).toMatchObject({ type: 'invalid', problem: expect.stringContaining('it says no team_mode') });
    },
  );

  it('takes a policy for absent only where nothing stands', async () => {
    await using folder = await makeFolder();
    for (const name of ['p', 'no/such/p']) {
      expect(await readAccessPolicy(folder.at(name), { whenAbsent: 'none' })).toEqual({ type: 'none' });
      expect(await readAccessPolicy(folder.at(name), { whenAbsent: 'invalid' })).toMatchObject({
        type: 'invalid',
        problem: expect.stringContaining('there is no such file (ENOENT)'),
      });
    }
  });

  it.each([
    ['a byte order mark', `\ufeff${POLICY}`, /byte 0 .*byte order mark/],
    ['a NUL', `${POLICY}\0`, /byte 0x00/],
    ['nothing in it', '', /an empty file/],
    ['another text behind it', `${POLICY}{}`, /at byte/],
    ['a comment', `{"team_mode": true // yes\n}`, /at byte 19/],
    [
      'a key that stands twice',
      '{"team_mode":true,"team_mode":false}',
      /byte 18 \(\$\.team_mode\).*the same key again/,
    ],
    ['a key that stands twice, once escaped', '{"team_mode":true,"team_mod\\u0065":false}', /the same key again/],
    ['a role that stands twice', '{"roles":{"a":{"deny":["*"]},"a":{"allow":["*"]}}}', /\$\.roles\.a.*the same key/],
    ['lists in lists without end', '['.repeat(100_000), /127/],
    ['bytes that are no UTF-8', Buffer.from([0x7b, 0x22, 0xff]), /UTF-8/],
  ])('denies a file with %s, and names the place', async (_what, content, problem) => {
    await using folder = await makeFolder({ p: content });
    const policy = await readAccessPolicy(folder.at('p'), { whenAbsent: 'none' });
    expect(policy).toMatchObject({ type: 'invalid', problem: expect.stringMatching(problem) });
  });
});
