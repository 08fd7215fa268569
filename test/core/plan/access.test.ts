import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { type AccessPolicy, checkAccess } from '../../../src/core/plan/access.ts';
import { parseAccessPolicy } from '../../../src/core/plan/parse-access-policy.ts';

const PATH = '/etc/salvor/policy.json';

/** A policy in force, parsed from a file of this content. */
function makePolicy(content: object): AccessPolicy {
  return { type: 'file', path: PATH, file: parseAccessPolicy(PATH, { team_mode: true, ...content }) };
}

const TEAM = makePolicy({
  bindings: [
    { principal: 'local:ana', roles: ['operator'] },
    { principal: 'ci:*', roles: ['resumer'] },
    { principal: 'ci:nightly', roles: ['no-restart'] },
    { principal: 'local:eve', roles: ['missing'] },
    { principal: 'local:bob', roles: ['all'] },
    { principal: ' local:zoe ', roles: ['all'] },
    { principal: 'local:max', roles: ['all', ' all '] },
  ],
  roles: {
    operator: { allow: ['recover:*'], deny: ['recover:cancel'] },
    resumer: { allow: ['recover:resume', 'recover:restart'] },
    'no-restart': { deny: ['recover:restart'] },
    all: { allow: ['*'] },
  },
});

/** A policy that lets one principal do everything. */
function bindEverything(principal: string): AccessPolicy {
  return makePolicy({ bindings: [{ principal, roles: ['all'] }], roles: { all: { allow: ['*'] } } });
}

describe('checkAccess, in the order of evaluation', () => {
  it.each([
    ['no policy is named', { type: 'none' }, 'local:ana', 'allow_no_policy'],
    ['the named policy is invalid', { type: 'invalid', path: PATH, problem: 'x' }, 'local:ana', 'deny_policy_invalid'],
    ['team mode is off', makePolicy({ team_mode: false }), '', 'allow_team_mode_disabled'],
    ['the principal is blank', TEAM, ' \t', 'deny_principal_missing'],
    ['nobody is bound by that name', TEAM, 'local:anastasia', 'deny_unbound_principal'],
    ['a role allows it', TEAM, 'local:ana', 'allow_role_policy'],
    ['a role allows everything', TEAM, 'local:bob', 'allow_role_policy'],
    ['the principal matches a prefix', TEAM, 'ci:weekly', 'allow_role_policy'],
    ['it is bound with spaces around it', TEAM, 'local:zoe', 'deny_unbound_principal'],
    ['it differs in case', TEAM, 'local:ANA', 'deny_unbound_principal'],
    ['a Kelvin sign stands for a k', bindEverything('local:kim'), 'local:\u212aim', 'deny_unbound_principal'],
    ['one of its roles is not described', TEAM, 'local:max', 'deny_role_unknown'],
    ['its role is not described', TEAM, 'local:eve', 'deny_no_matching_allow'],
  ] as const)('%s', (...[, policy, principal, reasonCode]) => {
    const allowed = reasonCode.startsWith('allow');
    expect(checkAccess(policy, principal, 'recover:resume')).toEqual({ allowed, reasonCode });
  });

  it('denies what one role denies, whichever other role allows it', () => {
    expect(checkAccess(TEAM, 'ci:nightly', 'recover:restart').reasonCode).toBe('deny_role_policy');
    expect(checkAccess(TEAM, 'ci:nightly', 'recover:resume').reasonCode).toBe('allow_role_policy');
    expect(checkAccess(TEAM, 'local:ana', 'recover:cancel').reasonCode).toBe('deny_role_policy');
  });

  it('denies what no role speaks of', () => {
    expect(checkAccess(TEAM, 'ci:weekly', 'recover:settle').reasonCode).toBe('deny_no_matching_allow');
  });

  it('asks for a principal before it looks for one', () => {
    const everybody = bindEverything('*');
    expect(checkAccess(everybody, '', 'recover:resume').reasonCode).toBe('deny_principal_missing');
    expect(checkAccess(everybody, 'anyone', 'recover:resume').reasonCode).toBe('allow_role_policy');
  });

  it('takes an asterisk for a wildcard at the end only', () => {
    const odd = makePolicy({
      bindings: [{ principal: 'a', roles: ['odd'] }],
      roles: { odd: { allow: ['*:resume', 'recover:re*'] } },
    });
    expect(checkAccess(odd, 'a', 'recover:restart').allowed).toBe(true);
    expect(checkAccess(odd, 'a', 'recover:cancel').allowed).toBe(false);
  });

  it('does not find a role among what every object inherits', () => {
    const inherited = makePolicy({ bindings: [{ principal: 'a', roles: ['constructor', '__proto__', 'toString'] }] });
    expect(checkAccess(inherited, 'a', 'recover:resume').reasonCode).toBe('deny_no_matching_allow');
  });

  it('allows nothing that is not a decision of the file, for any principal', () => {
    fc.assert(
      fc.property(fc.string(), (principal) => {
        const { allowed } = checkAccess(TEAM, principal, 'recover:cancel');
        return allowed === ['local:bob', ' local:zoe '].includes(principal);
      }),
    );
  });
});

describe('parseAccessPolicy', () => {
  it('fills in what may be left out', () => {
    expect(parseAccessPolicy(PATH, {})).toEqual({ schema_version: 1, team_mode: false, bindings: [], roles: {} });
  });

  it.each([
    '*',
    'recover:*',
    'rec*',
    'r*',
    'recover:run',
    'control:*',
    'control:rl:*',
    'tool:bash',
    'control:queue:drop',
  ])('takes the denial %s, which meets an action of Salvor or is in a namespace of another program', (deny) => {
    expect(parseAccessPolicy(PATH, { roles: { a: { deny: [deny] } } }).roles).toEqual({
      a: { allow: [], deny: [deny] },
    });
  });

  it.each<readonly [what: string, value: unknown, problem: RegExp]>([
    ['not an object', [], /policy\.json: it must be of type object/],
    ['null', null, /policy\.json: it must be of type object/],
    ['of another version', { schema_version: 2 }, /schema_version/],
    ['with team mode as a word', { team_mode: 'yes' }, /team_mode: it must be of type boolean/],
    ['with a key misspelt', { teammode: true }, /unknown key 'teammode' at the top; did you mean team_mode\?/],
    [
      'with a key misspelt in a role',
      { roles: { a: { allow: ['*'], denny: ['recover:restart'] } } },
      /unknown key 'denny' in roles\.a; did you mean deny\?/,
    ],
    [
      'with a key misspelt in a binding',
      { bindings: [{ principal: 'a', role: ['a'] }] },
      /unknown key 'role' in bindings\.0|bindings\.0\.roles/,
    ],
    [
      'with a key of every object',
      JSON.parse('{"__proto__":{"team_mode":true}}'),
      /unknown key '__proto__' at the top/,
    ],
    ['with a role of every object', JSON.parse('{"roles":{"__proto__":{"deny":["*"]}}}'), /called '__proto__'/],
    ['with a number for a pattern', { roles: { a: { deny: [1] } } }, /roles\.a\.deny\.0: it must be of type string/],
    [
      'with a denial misspelt',
      { roles: { a: { deny: ['recover:restrat'] } } },
      /role a denies 'recover:restrat', which is no action; did you mean recover:restart\?/,
    ],
    ['with a denial in capitals', { roles: { a: { deny: ['Recover:*'] } } }, /denies 'Recover:\*', which is no action/],
    ['with a denial in spaces', { roles: { a: { deny: [' recover:restart'] } } }, /did you mean recover:restart\?/],
    [
      'with a denial of another place in the name',
      { roles: { a: { deny: ['*:settle'] } } },
      /a \* counts only once and at the end/,
    ],
    ...['*settle', '*:*', '**', 'rec*:settle', 'recover:*settle', 'recover:**', '*recover:settle', 'x**'].map(
      (deny) => [`denying ${deny}`, { roles: { a: { deny: [deny] } } }, /is no action: a \* counts only/] as const,
    ),
    ...['x*', 'settle', 'resume*', 'recvoer:settle', 'control:rl:resum', 'control:rl:x*', 'CONTROL:rl:resume'].map(
      (deny) => [`denying ${deny}`, { roles: { a: { deny: [deny] } } }, /which is no action/] as const,
    ),
    [
      'with a key of a role in a binding',
      { bindings: [{ principal: 'a', roles: ['a'], deny: ['*'] }] },
      /unknown key 'deny' in bindings\.0; known there: principal, roles$/,
    ],
    [
      'with a principal that nobody can be',
      { bindings: [{ principal: '*:ada', roles: ['a'] }] },
      /principal \*:ada is nobody: a \* counts only once and at the end/,
    ],
    ['with a role that is a word', { roles: { a: 'all' } }, /roles\.a/],
    ['with a principal that is a number', { bindings: [{ principal: 1, roles: ['a'] }] }, /bindings\.0\.principal/],
    ['with a blank principal', { bindings: [{ principal: '  ', roles: ['a'] }] }, /blank principal/],
    ['with a principal bound twice', { bindings: [bind('a'), bind(' a')] }, /principal a is bound twice/],
    ['with a binding without roles', { bindings: [{ principal: 'a', roles: [] }] }, /principal a has no role/],
    ['with a blank role in a binding', { bindings: [{ principal: 'a', roles: [' '] }] }, /blank role/],
    ['with a role of a blank name', { roles: { ' ': { allow: ['*'] } } }, /role has a blank name/],
    ['with an empty role', { roles: { a: { allow: [], deny: [] } } }, /role a neither allows nor denies/],
  ])('POLICY_INVALID: %s', (_what, value, problem) => {
    const parse = () => parseAccessPolicy(PATH, value);
    expect(parse).toThrow(RecoveryError);
    expect(parse).toThrow(problem);
    expect(parse).toThrow(
      expect.objectContaining({ code: 'POLICY_INVALID', details: expect.objectContaining({ path: PATH }) }),
    );
  });
});

function bind(principal: string) {
  return { principal, roles: ['r'] };
}
