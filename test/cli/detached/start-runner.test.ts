import { existsSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { RunnerNews } from '../../../src/cli/detached/schema.ts';
import { startRunner } from '../../../src/cli/detached/start-runner.ts';
import { makeFolder } from '../../helpers/make-folder.ts';

/** Says three words, and then makes a file that says so. */
const TALKER = `
import { writeFileSync } from 'node:fs';
process.on('message', () => {});
const news = { type: 'run_started', kind: 'batch', jobId: 'b1', name: 'Shipping', directory: 'jobs/b1', sharing: [] };
process.send(news);
process.send(news);
process.send(news, () => writeFileSync(new URL('said', import.meta.url), ''));
`;

const LIMIT_MS = 20_000;

/** Keeps this process from reading what it is told until a file is there. */
function blockUntil(file: string): void {
  const end = performance.now() + LIMIT_MS;
  const sleeper = new Int32Array(new SharedArrayBuffer(4));
  while (!existsSync(file)) {
    if (performance.now() > end) throw new Error(`waited in vain for ${file}`);
    Atomics.wait(sleeper, 0, 0, 5);
  }
}

test('startRunner: words that were read with the one it is released upon are dropped, and nothing is thrown', async () => {
  await using folder = await makeFolder({ 'talker.mjs': TALKER });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const heard: RunnerNews[] = [];
  const runner = startRunner({
    programPath: folder.at('talker.mjs'),
    request: { type: 'stop' },
    onNews(news) {
      heard.push(news);
      runner.release();
      setImmediate(resolve);
    },
    onEnd: reject,
  });
  blockUntil(folder.at('said'));
  await promise;
  expect(heard).toHaveLength(1);
});
