import { userInfo } from 'node:os';
import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/cli/config.ts';
import { parseArgs } from '../../src/cli/parse-args.ts';
import { makeFolder } from '../helpers/make-folder.ts';

const read = (argv: readonly string[], env: Readonly<Record<string, string>> = {}) => readConfig(parseArgs(argv), env);

describe('readConfig', () => {
  it('lets a flag beat the environment, and the environment the file', async () => {
    await using folder = await makeFolder({ 'config.yaml': 'state: /file\nprincipal: file\npolicy: /file.json\n' });
    const file = ['--config', folder.at('config.yaml')];
    const env = { SALVOR_STATE: '/env', SALVOR_PRINCIPAL: 'env', SALVOR_POLICY: '/env.json' };
    const flags = ['--state', '/flag', '--principal', 'flag', '--policy', '/flag.json'];
    const pick = async (argv: readonly string[], own = {}) => {
      const { stateDirectory, principal, policyPath, stateNamed } = await read(argv, own);
      return [stateDirectory, principal, policyPath, stateNamed];
    };
    expect(await pick([...file, ...flags], env)).toEqual(['/flag', 'flag', '/flag.json', true]);
    expect(await pick(file, env)).toEqual(['/env', 'env', '/env.json', true]);
    expect(await pick(file)).toEqual(['/file', 'file', '/file.json', true]);
    const empty = { SALVOR_STATE: '', SALVOR_PRINCIPAL: ' ' };
    expect(await pick(file, empty)).toEqual(['/file', 'file', '/file.json', true]);
  });

  it('keeps a policy whose name is empty, which is no policy that allows', async () => {
    expect((await read([], { SALVOR_POLICY: '' })).policyPath).toBe('');
    expect((await read(['--policy', '/p'], { SALVOR_POLICY: '' })).policyPath).toBe('/p');
  });

  it('takes no other letter for a plain one: the Kelvin sign of a user is no k', async () => {
    const { principal } = await read([], { TAU_RBAC_LOCAL_ACTOR: 'Mar\u212a \u0130 K' });
    expect(principal).toBe('local:mar----k');
  });

  it('falls back to the user’s own state directory, and to who is logged in', async () => {
    const { stateDirectory, stateNamed, principal, policyPath } = await read([], { XDG_STATE_HOME: '/xdg' });
    expect([stateDirectory, stateNamed, policyPath]).toEqual(['/xdg/salvor', false, undefined]);
    expect(principal).toBe(
      `local:${userInfo()
        .username.toLowerCase()
        .replace(/[^a-z0-9_-]/g, '-')}`,
    );
    expect((await read([], { HOME: '/home/ops' })).stateDirectory).toBe('/home/ops/.local/state/salvor');
  });

  it('is read-only, without colour, or in JSON when that is asked for', async () => {
    await using folder = await makeFolder({ 'config.json': '{"read_only": true, "no_color": true}' });
    expect(await read(['--read-only', '--no-color', '--json'])).toMatchObject({
      readOnly: true,
      noColor: true,
      json: true,
    });
    expect(await read(['--config', folder.at('config.json')])).toMatchObject({
      readOnly: true,
      noColor: true,
      json: false,
    });
  });

  it.each([
    ['an unknown key', 'stat: /x', 'unknown key stat; did you mean state?'],
    ['a wrong type', 'read_only: maybe', 'read_only'],
    ['no mapping', '- a', 'configuration'],
    ['no YAML', 'a: [', 'configuration'],
  ])('CONFIG_INVALID: the file has %s', async (_what, content, message) => {
    await using folder = await makeFolder({ 'config.yaml': content });
    await expect(read(['--config', folder.at('config.yaml')])).rejects.toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID', message: expect.stringContaining(message) }),
    );
  });

  it('CONFIG_INVALID: a file that was named is not there', async () => {
    await using folder = await makeFolder();
    await expect(read(['--config', folder.at('nowhere.yaml')])).rejects.toThrow(
      expect.objectContaining({ code: 'CONFIG_INVALID' }),
    );
  });
});
