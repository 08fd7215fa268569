// Terminal trap 16: the same recovery as a conversation, for screen readers.
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import type { JobReader } from '../../../src/core/ports.ts';
import { describeJobCells } from '../../../src/present/job-rows.ts';
import { pickPage } from '../../../src/sources/pick-page.ts';
import { runLinear } from '../../../src/ui/linear/run-linear.ts';
import { makeFakeReader } from '../../helpers/fake-reader.ts';
import { makeFakeSession } from '../../helpers/fake-session.ts';
import { SAMPLE_ANSWERS, sampleReported } from '../../helpers/sample-answers.ts';
import { SAMPLE_MS, sampleDoubt, sampleLooked, sampleSummary } from '../../helpers/sample-evidence.ts';
import { makeWaiter } from '../../helpers/terminal/waiter.ts';

/** A conversation: what was printed, and a way to answer. */
function talk(
  answers: Parameters<typeof makeFakeSession>[1] = SAMPLE_ANSWERS,
  jobs = [sampleSummary()],
  reader: JobReader = makeFakeReader({ jobs, units: [sampleDoubt(48)] }),
) {
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
    reader,
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

test('runLinear: more jobs are those behind the last one shown, whatever came meanwhile', async () => {
  const makeJob = (index: number, name: string) => {
    const summary = sampleSummary();
    return { ...summary, job: { ...summary.job, id: `job-${name}`, name }, sinceMs: SAMPLE_MS - index };
  };
  const jobs = Array.from({ length: 30 }, (_, index) => makeJob(index + 10, `old${index + 1}`));
  const list: JobReader['list'] = async (query) => {
    const page = pickPage(jobs, query);
    const last = page.keys?.at(-1);
    return { ...page, ...(last && { next: new Map([['/srv', last]]) }) };
  };
  const { ended, answer } = talk(SAMPLE_ANSWERS, [], { ...makeFakeReader(), list });
  expect(await answer('q to leave:', 'm')).toContain('20. old20: interrupted');
  jobs.push(makeJob(0, 'new1'), makeJob(1, 'new2'));
  expect(await answer('q to leave:', 'a')).toContain('21. old21: interrupted');
  expect(await answer('q to leave:', 'm')).toContain('1. new1: interrupted');
  expect(await answer('q to leave:', 'q')).toContain('21. old19: interrupted');
  await ended;
});

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
  expect(session.commands.map(({ type }) => type)).toEqual(['inspect', 'choose', 'inspect']);
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
  expect(session.commands).toEqual([{ type: 'inspect' }, { type: 'inspect' }]);
});

test('runLinear: help explains the answers and asks again, at the list, the job and the plan', async () => {
  const { answer, ended, session } = talk();
  await answer('q to leave:', 'help');
  expect(await answer('q to leave:', '1')).toContain('A number opens the job with that number');
  await answer('back to the jobs:', 'help');
  expect(await answer('back to the jobs:', 'resume')).toContain('tell their plan first');
  await answer('yes or no:', '?');
  expect(await answer('yes or no:', 'no')).toContain('yes does it.');
  await answer('back to the jobs:', 'b');
  await answer('q to leave:', 'q');
  expect(await ended).toEqual({ exitCode: 0, lastWords: 'Nothing was changed.' });
  expect(session.commands.map(({ type }) => type)).toEqual(['inspect', 'choose', 'inspect']);
});

test('runLinear: its list has the word of the list and the console for a job', async () => {
  const summary = { ...sampleSummary({ verdict: 'finished' }), attention: 'in doubt' } as const;
  const { answer, ended } = talk(SAMPLE_ANSWERS, [summary]);
  const asked = await answer('q to leave:', 'q');
  expect(asked).toContain(`1. California Orders: ${describeJobCells(summary).attention}, `);
  expect(asked).not.toContain('finished');
  await ended;
});

test('runLinear: hook tells the plan that asks the verify hook again, and without a hook says why not', async () => {
  const looked = sampleLooked();
  const { units } = looked.evidence;
  const withHook = (canVerify: boolean) => ({
    ...looked,
    evidence: {
      ...looked.evidence,
      ...(units && {
        units: { ...units, canVerify, counts: { ...units.counts, needs_review: 1 }, inReviewWithReceipt: 0 },
      }),
    },
    proposals: { ...looked.proposals, review: { type: 'review', unitCount: 1 } } as const,
  });
  for (const canVerify of [true, false]) {
    const { answer, ended, session } = talk({
      ...SAMPLE_ANSWERS,
      inspect: () => ({ stage: 'diagnosed', ...withHook(canVerify) }),
    });
    await answer('q to leave:', '1');
    await answer('back to the jobs:', 'review');
    const asked = await answer('or b to go back:', 'hook');
    expect(asked.includes('hook to ask the verify hook again about all')).toBe(canVerify);
    if (canVerify) {
      await answer('yes or no:', 'no');
      expect(session.commands[1]).toEqual({ type: 'choose', choice: 'resume', answers: { verify: 'again' } });
    }
    const after = await answer('back to the jobs:', 'b');
    if (!canVerify) expect(after).toContain('The hook cannot be asked: the job has no verify hook.');
    await answer('q to leave:', 'q');
    await ended;
  }
});

test('runLinear: rows that were settled are told, at once and at the end', async () => {
  const looked = sampleLooked();
  const open = { ...looked, proposals: { ...looked.proposals, review: { type: 'review', unitCount: 1 } } } as const;
  const { answer, ended } = talk({
    inspect: () => ({ stage: 'diagnosed', ...open }),
    settle: () => ({
      stage: 'diagnosed',
      ...open,
      settled: [{ number: 48, key: 'A48', was: 'in_doubt', now: 'skipped' }],
    }),
  });
  await answer('q to leave:', '1');
  await answer('back to the jobs:', 'review');
  await answer('settle it', '48');
  await answer('Was it done?', 'skip');
  await answer('reason', 'seen');
  expect(await answer('back to the jobs:', 'b')).toContain('Row 48 (A48) is skipped now');
  await answer('q to leave:', 'q');
  expect(await ended).toEqual({ exitCode: 0, lastWords: "Job 'California Orders': 1 row settled." });
});

test('runLinear: a plan that went stale tells what changed and the new plan, and yes to the old one is none to it', async () => {
  const changes = [{ fact: 'unit', subject: 48, unit: 'row', was: 'in_doubt', is: 'done' }];
  const error = new RecoveryError('EVIDENCE_STALE', 'the job changed', { details: { changes } });
  let approvals = 0;
  const { answer, ended, session } = talk({
    ...SAMPLE_ANSWERS,
    approve: () => {
      approvals += 1;
      return { stage: 'refused', error, looked: sampleLooked() };
    },
  });
  await answer('q to leave:', '1');
  await answer('back to the jobs:', 'resume');
  await answer('yes or no:', 'yes');
  const told = await answer('yes or no:', 'no');
  expect(told).toContain('The job changed since you agreed. Nothing was done.');
  expect(told).toContain('- row 48: in doubt -> done');
  expect(told).toContain('3. run 153 rows');
  await answer('back to the jobs:', 'b');
  expect(approvals).toBe(1);
  expect(session.commands.map(({ type }) => type)).toEqual([
    'inspect',
    'choose',
    'approve',
    'inspect',
    'choose',
    'inspect',
  ]);
  await answer('q to leave:', 'q');
  await ended;
});

test('runLinear: units are counted as rows are, and an answer that is none of those asked for is told', async () => {
  const looked = sampleLooked();
  const open = { ...looked, proposals: { ...looked.proposals, review: { type: 'review', unitCount: 1 } } } as const;
  const { answer, ended, session } = talk({ inspect: () => ({ stage: 'diagnosed', ...open }) });
  await answer('q to leave:', '1');
  await answer('back to the jobs:', 'review');
  const asked = await answer('the row to settle it', '48');
  expect(asked).toContain('1 row waits for a decision.');
  expect(asked).toContain('Row 48, key A48: in doubt.');
  await answer('Was it done?', 'd');
  expect(await answer('back to the jobs:', 'b')).toContain("'d' is none of these. Nothing was done.");
  expect(session.commands.map(({ type }) => type)).toEqual(['inspect', 'inspect']);
  await answer('q to leave:', 'q');
  await ended;
});
