import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { holdDirectory } from '../../../src/sources/tau/hold-directory.ts';
import { withoutRights } from '../../helpers/other-user.ts';

const MODULE = fileURLToPath(new URL('../../../src/sources/tau/hold-directory.ts', import.meta.url));
const SELF = { principal: 'local:second', host: 'here', pid: process.pid };

/** A process that holds a directory until it is killed. */
async function holdElsewhere(key: string) {
  const program = `
    import { holdDirectory } from ${JSON.stringify(MODULE)};
    await holdDirectory(${JSON.stringify(key)}, '/srv/training', { principal: 'local:first', host: 'here', pid: process.pid });
    process.stdout.write('held');`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(child.stdout, 'data');
  return child;
}

describe('holdDirectory', () => {
  it('who comes second is told who holds the directory, and gets it the moment the holder is killed', async () => {
    const key = randomUUID();
    const child = await holdElsewhere(key);
    try {
      await expect(holdDirectory(key, '/srv/training', SELF)).rejects.toMatchObject({
        code: 'LEASE_HELD',
        message: `local:first (process ${child.pid} on here) holds the lock of /srv/training`,
      });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    const held = await holdDirectory(key, '/srv/training', SELF);
    await held.release();
  });

  it('a directory that was let go can be held again, and another one at the same time', async () => {
    const [one, two] = [randomUUID(), randomUUID()];
    const first = await holdDirectory(one, '/one', SELF);
    const other = await holdDirectory(two, '/two', SELF);
    await expect(holdDirectory(one, '/one', SELF)).rejects.toMatchObject({ code: 'LEASE_HELD' });
    await first.release();
    await (await holdDirectory(one, '/one', SELF)).release();
    await other.release();
  });

  it('who took the name and says that it is somebody else is not believed: the process is named', async () => {
    const key = randomUUID();
    const lie = JSON.stringify({ principal: 'local:boss', host: 'here', pid: 1 });
    const program = `
      import { createServer } from 'node:net';
      createServer((socket) => socket.end(${JSON.stringify(lie)})).listen({ path: '\\0salvor-${key}' }, () => console.log('held'));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    try {
      await once(child.stdout, 'data');
      await expect(holdDirectory(key, '/srv/training', SELF)).rejects.toMatchObject({
        code: 'LEASE_HELD',
        message: `process ${child.pid}, which does not show that it is a Salvor, holds the lock of /srv/training`,
      });
      const unseen = withoutRights(() => holdDirectory(key, '/srv/training', SELF));
      if (process.geteuid?.() === 0) await expect(unseen).rejects.toThrow(/^a process that cannot be seen from here/);
      else await expect(unseen).rejects.toMatchObject({ code: 'LEASE_HELD' });
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
  });
});
