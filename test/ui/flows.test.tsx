import { afterEach, expect, test } from 'vitest';
import { RecoveryError } from '../../src/core/errors.ts';
import { makeFakeReader } from '../helpers/fake-reader.ts';
import { type OpenConsole, type OpenOptions, openConsole } from '../helpers/open-console.tsx';
import { SAMPLE_ANSWERS, sampleReported } from '../helpers/sample-answers.ts';
import { sampleDoubt, sampleLooked, sampleSummary, sampleUnit } from '../helpers/sample-evidence.ts';
import { sampleJobs } from '../helpers/sample-screens.ts';

let open: OpenConsole | undefined;

/** Opens a console that is closed after the test. */
function start(options?: OpenOptions): OpenConsole {
  open = openConsole(options);
  return open;
}

afterEach(async () => {
  open?.controls().end(0);
  open?.controls().end(0);
  await open?.ended;
  open = undefined;
});

/** Runs the sample job's resume up to its progress screen. */
async function startRun(term: OpenConsole): Promise<void> {
  await term.ready('California Orders');
  term.type('r');
  await term.waitFor('y agrees to the plan above');
  term.type('y');
  await term.ready('no rate yet');
}

const LOOKED = sampleLooked();
const DOUBTFUL = { ...LOOKED, proposals: { ...LOOKED.proposals, review: { type: 'review', unitCount: 2 } } } as const;

test('review: a unit in doubt is settled as done, with its receipt and a reason', async () => {
  const reader = makeFakeReader({ jobs: [sampleSummary()], units: [sampleUnit(47), sampleDoubt(48), sampleDoubt(49)] });
  const term = start({
    reader,
    answers: {
      inspect: () => ({ stage: 'diagnosed', ...DOUBTFUL }),
      settle: () => {
        reader.state.units = [sampleUnit(47), sampleUnit(48), sampleDoubt(49)];
        return { stage: 'diagnosed', ...LOOKED };
      },
    },
  });
  await term.ready('California Orders');
  term.type('v');
  await term.ready('2 rows to decide about', '>      48');
  term.type('s');
  await term.ready('What is true about it?');
  term.type('d');
  await term.ready('> Receipt');
  term.type('1Z999\r');
  await term.ready('> Reason');
  term.type('\r');
  await term.waitFor('A reason is needed');
  term.type('seen in the portal\r');
  expect(await term.session.heard('settle')).toEqual({
    type: 'settle',
    units: [{ number: 48, eventSequence: 480 }],
    as: 'done',
    receipt: '1Z999',
    reason: 'seen in the portal',
  });
  await term.ready('1 row to decide about', '>      49');
});

test('settle: Escape goes back one step at a time and settles nothing', async () => {
  const reader = makeFakeReader({ jobs: [sampleSummary()], units: [sampleDoubt(48)] });
  const term = start({ reader, answers: { inspect: () => ({ stage: 'diagnosed', ...DOUBTFUL }) } });
  await term.ready('California Orders');
  term.type('v');
  await term.ready('>      48');
  term.type('s');
  await term.ready('What is true about it?');
  term.type('d');
  await term.ready('> Receipt');
  term.type('\r');
  await term.ready('> Reason');
  for (const text of ['> Receipt', 'What is true about it?', 'to decide about']) {
    term.type('\u001b');
    await term.ready(text);
  }
});

test('progress: what is done, how fast, how long still, and the last unit', async () => {
  const term = start();
  await startRun(term);
  const state = term.session.snapshot();
  if (state.stage !== 'executing') throw new Error('the sample runs');
  term.session.become({
    ...state,
    progress: { ...state.progress, done: 107 },
    lastUnit: { number: 107, key: 'A107', receipt: '1Z' },
    lastLine: '\u001b[31mlabel printed',
  });
  await term.ready(
    '107/200 rows',
    '1.00 rows/s, about 1m 33s left',
    'Last: row 107 (A107), receipt 1Z',
    'Output: label printed',
  );
});

test('progress: leaving it running goes back to the jobs and is told at the end', async () => {
  const term = start();
  await startRun(term);
  term.type('q');
  await term.ready('The recovery is still running.');
  term.type('b');
  await term.ready('1 job needs attention', 'goes on in the background');
  term.type('q');
  expect(await term.ended).toEqual({ exitCode: 0, lastWords: 'California Orders: goes on in the background.' });
});

test('progress: Ctrl+C twice stops the recovery, and leaves with 130 when it has stopped', async () => {
  const term = start({ answers: { ...SAMPLE_ANSWERS, stop: () => sampleReported() } });
  await startRun(term);
  term.type('\u0003');
  await term.ready('The recovery is still running.');
  term.type('\u0003');
  const end = await term.ended;
  expect(end.exitCode).toBe(130);
  expect(end.lastWords).toContain('recovered to the end');
});

test('stale plan: what changed stands above the new plan, and the key that agreed does not agree to it', async () => {
  const changes = [{ fact: 'unit', subject: 48, unit: 'row', was: 'in_doubt', is: 'done' }];
  const error = new RecoveryError('EVIDENCE_STALE', 'the job changed', { details: { changes } });
  let approvals = 0;
  const approve = () => {
    approvals += 1;
    return { stage: 'refused', error, looked: LOOKED } as const;
  };
  const term = start({ answers: { ...SAMPLE_ANSWERS, approve } });
  await term.ready('California Orders');
  term.type('r');
  await term.ready('y agrees to the plan above');
  term.type('y');
  await term.session.heard('approve');
  await term.ready('The job changed since you agreed. Nothing was done.', '- row 48: in doubt -> done', 'run 153 rows');
  term.type('yyy');
  await term.ready('the plan is another one now; Space first');
  expect(approvals).toBe(1);
  term.type(' ');
  await term.ready('y agrees to the plan above');
  term.type('y');
  await term.session.heard('approve');
  await term.session.idle();
  expect(approvals).toBe(2);
});

test('refused: it says what is true and what to do, and Enter looks again', async () => {
  const error = new RecoveryError('LEASE_HELD', 'the job is held by somebody else');
  const term = start({ answers: { ...SAMPLE_ANSWERS, approve: () => ({ stage: 'refused', error, looked: LOOKED }) } });
  await term.ready('California Orders');
  term.type('r');
  await term.waitFor('y agrees to the plan above');
  term.type('y');
  await term.ready('Refused: LEASE_HELD', 'Wait for the holder named above');
  term.type('\r');
  await term.ready('> [resume]');
});

test('filter: jobs are narrowed while typing, Enter keeps the filter and Escape clears it', async () => {
  const term = start({ reader: makeFakeReader({ jobs: sampleJobs() }) });
  await term.ready('California Orders', 'Invoices');
  term.type('/Invo');
  await term.waitFor((screen) => screen.includes('> Invoices') && !screen.includes('California Orders'));
  term.type('\r');
  await term.ready("1 job needs attention matching 'Invo'", 'q quit');
  term.type('\u001b');
  await term.ready('California Orders');
});

test('filter: q and r are typed, not pressed', async () => {
  const term = start({ reader: makeFakeReader({ jobs: sampleJobs() }) });
  await term.ready('California Orders');
  term.type('/qr');
  await term.ready("No job matches 'qr'", '/qr_');
  expect(term.session.commands).toEqual([]);
});

test('scope: a shows all jobs', async () => {
  const term = start();
  await term.ready('1 job needs attention');
  term.type('a');
  await term.ready('1 job in all');
  expect(term.reader.queries.at(-1)).toMatchObject({ scope: 'all', offset: 0 });
});

test('live refresh: the cursor stays on its job when others become more urgent', async () => {
  const reader = makeFakeReader({ jobs: sampleJobs() });
  const term = start({ reader });
  await term.ready('> California Orders');
  reader.state.jobs = [...sampleJobs().slice(1), ...sampleJobs().slice(0, 1)];
  reader.changed();
  await term.waitFor(/配送[^\n]*\n(.|\n)*> California Orders/u);
});

test('one job: it is opened at once, and q shows the list', async () => {
  const term = start({ options: { singleJobId: 'job-california' } });
  await term.ready('> [resume]');
  term.type('q');
  await term.ready('1 job needs attention');
});

test('job: it is looked at again when its state changes', async () => {
  const verdicts = ['interrupted', 'alive'] as const;
  let looks = 0;
  const reader = makeFakeReader({ jobs: [sampleSummary()] });
  const term = start({
    reader,
    answers: {
      inspect: () => {
        const verdict = verdicts[Math.min(looks, 1)] ?? 'alive';
        looks += 1;
        return { stage: 'diagnosed', ...LOOKED, diagnosis: { ...LOOKED.diagnosis, verdict } };
      },
    },
  });
  await term.ready('California Orders');
  term.type('\r');
  await term.ready('Verdict: interrupted');
  reader.changed();
  await term.ready('Verdict: running');
});

test('review: a shows the plan that asks the verify hook again about all, and nothing is asked before consent', async () => {
  const { units } = LOOKED.evidence;
  const counted = units && {
    ...units,
    canVerify: true,
    counts: { ...units.counts, needs_review: 1 },
    inReviewWithReceipt: 0,
  };
  const evidence = { ...LOOKED.evidence, ...(counted && { units: counted }) };
  const term = start({
    reader: makeFakeReader({ jobs: [sampleSummary()], units: [sampleDoubt(48)] }),
    answers: { ...SAMPLE_ANSWERS, inspect: () => ({ stage: 'diagnosed', ...DOUBTFUL, evidence }) },
  });
  await term.ready('California Orders');
  term.type('v');
  await term.ready('ask the verify hook again');
  term.type('a');
  await term.waitFor('y agrees to the plan above');
  expect(term.session.commands.at(-1)).toEqual({ type: 'choose', choice: 'resume', answers: { verify: 'again' } });
  term.type('y');
  expect(await term.session.heard('approve')).toMatchObject({ consent: { form: 'key' } });
});
