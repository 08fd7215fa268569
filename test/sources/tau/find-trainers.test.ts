import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { existsSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { findTrainers, TRAINER_OF_VARIABLE } from '../../../src/sources/tau/find-trainers.ts';
import { makeFolder } from '../../helpers/make-folder.ts';
import { waitFor } from '../../helpers/wait-for.ts';

test('findTrainers: while the end of a trainer is being recorded it is waited for', async () => {
  await using folder = await makeFolder({});
  const [token, go, here, record] = [randomUUID(), folder.at('go'), folder.at('here'), folder.at('record')];
  execFileSync('mkfifo', [go]);
  spawn('/bin/sh', ['-c', `touch '${here}'; read line < '${go}'; touch '${record}'`], {
    stdio: 'ignore',
    env: { [TRAINER_OF_VARIABLE]: token, PATH: process.env['PATH'] },
  });
  await waitFor('it is there', () => existsSync(here));
  const found = findTrainers({ runToken: token, recordPath: folder.at('none') }).then((trainers) => ({
    trainers,
    isRecorded: existsSync(record),
  }));
  await setImmediate();
  writeFileSync(go, 'go\n');
  expect(await found).toEqual({ trainers: [], isRecorded: true });
});
