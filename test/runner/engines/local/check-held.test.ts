import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../../src/core/errors.ts';
import { makeFolder } from '../../../helpers/make-folder.ts';
import { makeTestEngine } from './local-engine.ts';

describe('the command engine, before an effect', () => {
  it('RUN_INTERRUPTED: starts nothing when it is ended while it asks whether the job is still held', async () => {
    await using folder = await makeFolder();
    const gate = Promise.withResolvers<void>();
    const command = `touch ${folder.at('started')}`;
    await using engine = makeTestEngine({ command }, { checkHeld: () => gate.promise });
    const outcome = engine.run('ok');
    engine.kill();
    gate.resolve();
    await expect(outcome).rejects.toMatchObject({ code: 'RUN_INTERRUPTED' });
    expect(existsSync(folder.at('started'))).toBe(false);
  });
  it('LEASE_FENCED: starts nothing when the job is no longer held', async () => {
    await using folder = await makeFolder();
    const fenced = new RecoveryError('LEASE_FENCED', 'taken over');
    const command = `touch ${folder.at('started')}`;
    await using engine = makeTestEngine({ command }, { checkHeld: () => Promise.reject(fenced) });
    await expect(engine.run('ok')).rejects.toBe(fenced);
    expect(existsSync(folder.at('started'))).toBe(false);
  });
});

describe('the worker engine, before an effect', () => {
  it('LEASE_FENCED: sends no row when the job is no longer held', async () => {
    await using folder = await makeFolder();
    const seen = folder.at('seen');
    const fenced = new RecoveryError('LEASE_FENCED', 'taken over');
    const command = `sh -c 'while read -r line; do echo "$line" >> ${seen}; done'`;
    await using engine = makeTestEngine({ worker: command }, { checkHeld: () => Promise.reject(fenced) });
    await engine.start();
    await expect(engine.run('ok')).rejects.toBe(fenced);
    await engine.stop();
    expect(existsSync(seen)).toBe(false);
  });

  it('asks once for rows that come together, and sends all of them when the answer is there', async () => {
    let asked = 0;
    const gate = Promise.withResolvers<void>();
    const checkHeld = () => {
      asked += 1;
      return gate.promise;
    };
    await using engine = makeTestEngine({ worker: 'node ship-worker.mjs', concurrency: 3 }, { checkHeld });
    await engine.start();
    const outcomes = Promise.all([1, 2, 3].map((number) => engine.run('ok', { number })));
    await new Promise((resolve) => setImmediate(resolve));
    gate.resolve();
    expect((await outcomes).map(({ type }) => type)).toEqual(['done', 'done', 'done']);
    expect(asked).toBe(1);
  });
});
