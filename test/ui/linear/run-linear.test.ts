// Terminal trap 16: the same recovery as a conversation, for screen readers.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { runLinear } from '../../../src/ui/linear/run-linear.ts';
import { makeFakeReader } from '../../helpers/fake-reader.ts';
import { makeFakeSession } from '../../helpers/fake-session.ts';
import { SAMPLE_ANSWERS, sampleReported } from '../../helpers/sample-answers.ts';
import { SAMPLE_MS, sampleDoubt, sampleLooked, sampleSummary } from '../../helpers/sample-evidence.ts';
import { makeWaiter } from '../../helpers/terminal/waiter.ts';

/** A conversation: what was printed, and a way to answer. */
function talk(answers: Parameters<typeof makeFakeSession>[1] = SAMPLE_ANSWERS) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  let printed = '';
  const listeners = new Set<() => void>();
  stdout.on('data', (chunk: Buffer) => {
    printed += chunk.toString();
    for (const tell of [...listeners]) tell();
  });
  const session = makeFakeSession('job-california', answers);
  const ended = runLinear({
    reader: makeFakeReader({ jobs: [sampleSummary()], units: [sampleDoubt(48)] }),
    openSession: () => session,
    clock: { nowMs: () => SAMPLE_MS },
    principal: 'local:ops',
    readOnly: false,
    place: '/srv/salvor',
    version: '0.1.0',
    stdin,
    stdout,
    stderr: stdout,
    noColor: true,
    screenReader: true,
  });
  let read = 0;
  const waitFor = makeWaiter({
    isWhole: () => true,
    screen: () => printed.slice(read),
    subscribe: (tell) => {
      listeners.add(tell);
      return () => listeners.delete(tell);
    },
  });
  return {
    session,
    ended,
    stdin,
    printed: () => printed,
    /** Waits for a question, then answers it. */
    answer: async (question: string, line: string): Promise<string> => {
      const asked = await waitFor(question);
      read = printed.length;
      stdin.write(`${line}\n`);
      return asked;
    },
  };
}

test('runLinear: from the list over the plan to the report', async () => {
  const { session, ended, answer, printed } = talk({ ...SAMPLE_ANSWERS, approve: () => sampleReported() });
  expect(await answer('q to leave:', '1')).toContain('1. California Orders: interrupted, 47/200 rows done');
  expect(await answer('back to the jobs:', 'resume')).toContain(
    'Last completed: Row 47 (tracking: 1Z999AA10123456784)',
  );
  expect(await answer('yes or no:', 'yes')).toContain('3. run 153 rows');
  expect(await session.heard('approve')).toMatchObject({ consent: { form: 'key' } });
  expect(await answer('q to leave:', 'q')).toContain('Report written to /srv/jobs/job-california/recovery-report.json');
  expect(await ended).toMatchObject({ exitCode: 0, lastWords: expect.stringContaining('recovered to the end') });
  expect(printed()).not.toContain('\u001b');
});

test('runLinear: a restart is agreed to with the name alone', async () => {
  const { session, answer, ended, stdin } = talk();
  await answer('q to leave:', '1');
  await answer('back to the jobs:', 'restart');
  expect(await answer('type the name of the job', 'yes')).toContain('WARNING: 47 rows already have tracking numbers.');
  expect(await answer('back to the jobs:', 'b')).toContain('Nothing was done.');
  expect(session.commands.map(({ type }) => type)).toEqual(['inspect', 'choose', 'back']);
  stdin.end();
  expect((await ended).exitCode).toBe(0);
});

test('runLinear: a unit in doubt is settled with a reason', async () => {
  const looked = sampleLooked();
  const open = { ...looked, proposals: { ...looked.proposals, review: { type: 'review', unitCount: 1 } } } as const;
  const { session, answer, ended, stdin } = talk({
    inspect: () => ({ stage: 'diagnosed', ...open }),
    settle: () => ({ stage: 'diagnosed', ...sampleLooked() }),
  });
  await answer('q to leave:', '1');
  await answer('back to the jobs:', 'review');
  await answer('settle it', '48');
  await answer('Was it done?', 'done');
  await answer('receipt', '1Z');
  await answer('reason', 'seen in the portal');
  expect(await session.heard('settle')).toEqual({
    type: 'settle',
    units: [{ number: 48, eventSequence: 480 }],
    as: 'done',
    receipt: '1Z',
    reason: 'seen in the portal',
  });
  await answer('back to the jobs:', 'b');
  stdin.end();
  expect((await ended).exitCode).toBe(0);
});

test('runLinear: an answer that means nothing is told, and nothing is done', async () => {
  const { answer, ended, session } = talk();
  await answer('q to leave:', '7');
  expect(await answer('q to leave:', '1')).toContain("'7' is not a number of this list.");
  await answer('back to the jobs:', 'RESUME');
  expect(await answer('back to the jobs:', 'b')).toContain("'RESUME' is none of the choices.");
  await answer('q to leave:', 'q');
  expect(await ended).toEqual({ exitCode: 0, lastWords: 'Nothing was changed.' });
  expect(session.commands).toEqual([{ type: 'inspect' }]);
});
