// Terminal traps 1, 2, 11, 12, 14 and 18: what is typed acts on what was on the screen, once, and only then.
import { afterEach, expect, test } from 'vitest';
import { planFor } from '../helpers/evidence-builders.ts';
import { makeFakeReader } from '../helpers/fake-reader.ts';
import { makeFakeSession } from '../helpers/fake-session.ts';
import { type OpenConsole, type OpenOptions, openConsole } from '../helpers/open-console.tsx';
import { SAMPLE_ANSWERS, sampleReported } from '../helpers/sample-answers.ts';
import { sampleEvidence, sampleLooked, sampleSummary } from '../helpers/sample-evidence.ts';

const ESC = '\u001b';
const DOWN = `${ESC}[B`;
const paste = (text: string): string => `${ESC}[200~${text}${ESC}[201~`;

let terminal: OpenConsole | undefined;

/** Opens a console that is closed after the test. */
function open(options?: OpenOptions): OpenConsole {
  terminal = openConsole(options);
  return terminal;
}

afterEach(async () => {
  // Once asks a running recovery to stop, twice leaves.
  terminal?.controls().end(0);
  terminal?.controls().end(0);
  await terminal?.ended;
  terminal = undefined;
});

/** Opens the sample job; its menu stands on resume. */
async function openJob(): Promise<OpenConsole> {
  const term = open();
  await term.ready('California Orders');
  term.type('\r');
  await term.ready('> [resume]');
  return term;
}

const types = (term: OpenConsole): readonly string[] => term.session.commands.map(({ type }) => type);

test.each([
  ['Enter', '\r', 'resume'],
  ['Down, Enter', `${DOWN}\r`, 'restart'],
  ['Down, Down, Enter', `${DOWN}${DOWN}\r`, 'cancel'],
  ['j, Enter', 'j\r', 'restart'],
  ['Down, Down, Up, Enter', `${DOWN}${DOWN}${ESC}[A\r`, 'restart'],
])('choice menu: %s in one read takes the choice under the cursor', async (_name, keys, choice) => {
  const term = await openJob();
  term.type(keys);
  expect(await term.session.heard('choose')).toEqual({ type: 'choose', choice });
});

test('jobs: Down and Enter in one read open the job under the cursor', async () => {
  const jobs = ['job-a', 'job-b'].map((id) =>
    sampleSummary({ job: { ...sampleSummary().job, id, name: `Job ${id}` } }),
  );
  const opened: string[] = [];
  const session = makeFakeSession('job-b', SAMPLE_ANSWERS);
  const openSession = (jobId: string) => {
    opened.push(jobId);
    return session;
  };
  const term = open({ reader: makeFakeReader({ jobs }), options: { openSession } });
  await term.ready('Job job-b');
  term.type(`${DOWN}\r`);
  await term.ready('> [resume]');
  expect(opened).toEqual(['job-b']);
});

test('choice menu: a digit shows a view and chooses nothing', async () => {
  const term = await openJob();
  term.type('3');
  await term.ready('Findings');
  expect(types(term)).toEqual(['inspect']);
});

test('choice menu: a refresh leaves its cursor where it is', async () => {
  const term = await openJob();
  term.type(DOWN);
  await term.ready('> [restart]');
  const looked = sampleLooked();
  term.session.become({ stage: 'diagnosed', ...looked, diagnosis: { ...looked.diagnosis, recommended: 'cancel' } });
  await term.ready('[cancel]  - Abandon this job (recommended)');
  term.type('\r');
  expect(await term.session.heard('choose')).toEqual({ type: 'choose', choice: 'restart' });
});

test('plan: consent typed together with the key that opens the plan is dropped', async () => {
  const term = await openJob();
  term.type('ry');
  await term.waitFor('y agrees to the plan above');
  expect(types(term)).toEqual(['inspect', 'choose']);
});

test('plan: the key that opened it does not agree to it', async () => {
  const term = await openJob();
  term.type('r');
  await term.waitFor('y agrees to the plan above');
  term.type('rr\r');
  term.type('q');
  await term.ready('> [resume]');
  expect(types(term)).toEqual(['inspect', 'choose', 'back']);
});

test('progress: keys typed while it turns into the report by itself are dropped', async () => {
  const term = await openJob();
  term.type('r');
  await term.waitFor('y agrees to the plan above');
  term.type('y');
  await term.ready('no rate yet');
  term.session.become(sampleReported());
  term.type('q');
  await term.ready('Report written to');
});

test('runConsole: keys typed before the first frame are dropped', async () => {
  const term = open({ reader: makeFakeReader({ jobs: [sampleSummary()] }) });
  term.type('r\r3X');
  await term.ready('California Orders');
  term.type('?');
  await term.waitFor('Jobs (here)');
  expect(term.session.commands).toEqual([]);
});

test('paste: it presses no keys', async () => {
  const term = await openJob();
  term.type(paste('jj\r'));
  term.type(paste('r'));
  term.type('2');
  await term.ready('This job has no units');
  expect(types(term)).toEqual(['inspect']);
});

test('paste: it goes into a text field as one line and does not press Enter', async () => {
  const term = await openJob();
  term.type('R');
  await term.ready('type the name of the job');
  term.type(paste('California\r\nOrders\r'));
  await term.waitFor('> California Orders');
  expect(types(term)).toEqual(['inspect', 'choose']);
  term.type('\r');
  expect(await term.session.heard('approve')).toMatchObject({ consent: { form: 'typed' } });
});

test('restart: a wrong name does nothing, the right one agrees to the plan shown', async () => {
  const term = await openJob();
  term.type('R');
  await term.ready('type the name of the job');
  term.type('California orders\r');
  await term.waitFor('That is not the name of the job; nothing was done.');
  term.type('\u0015California Orders\r');
  const { proposals } = sampleLooked();
  const digest = proposals.restart?.type === 'plan' ? proposals.restart.plan.digest : '';
  expect(await term.session.heard('approve')).toMatchObject({
    consent: { planDigest: digest, form: 'typed', typedName: 'California Orders' },
  });
});

test('Escape: leaves a plan, and arrows right after it still work', async () => {
  const term = await openJob();
  term.type('r');
  await term.waitFor('y agrees to the plan above');
  term.type(ESC);
  await term.ready('> [resume]');
  term.type(DOWN);
  await term.ready('> [restart]');
});

test('mouse: reports of a mouse press no keys', async () => {
  const term = await openJob();
  term.type(`${ESC}[<0;10;5M${ESC}[<0;10;5m`);
  term.type('5');
  await term.ready('The log is empty');
  expect(types(term)).toEqual(['inspect']);
});

test('Alt: a key with Alt is not the plain key', async () => {
  const term = await openJob();
  term.type(`${ESC}r`);
  term.type('5');
  await term.ready('The log is empty');
  expect(types(term)).toEqual(['inspect']);
});

test('read-only: a choice says why it does nothing', async () => {
  const term = open({ options: { readOnly: true } });
  await term.ready('California Orders', 'READ-ONLY');
  term.type('r');
  await term.waitFor('resume: the console is read-only; leave out --read-only to act');
});

test('choice menu: a choice that cannot be taken says why', async () => {
  const term = await openJob();
  term.type(`${DOWN}${DOWN}${DOWN}\r`);
  await term.waitFor('review: no row is in doubt or under review (NOTHING_TO_RECOVER)');
  expect(types(term)).toEqual(['inspect']);
});

test('plan: a question about left-over processes is answered before consent', async () => {
  const looked = sampleLooked();
  const proposal = looked.proposals.resume;
  if (proposal?.type !== 'plan') throw new Error('the sample can be resumed');
  const evidence = sampleEvidence({ orphans: [{ pid: 4712, pidStartTicks: 1, command: './ship.sh', unitNumber: 48 }] });
  const asking = planFor(evidence, 'resume');
  const term = open({
    answers: {
      ...SAMPLE_ANSWERS,
      choose: () => ({ stage: 'planned', ...looked, evidence, plan: asking }),
      answer: () => ({ stage: 'planned', ...looked, plan: proposal.plan }),
    },
  });
  await term.ready('California Orders');
  term.type('r');
  await term.ready('pid 4712: ./ship.sh', 'Answer the question');
  term.type('y');
  await term.waitFor('a question is open; answer first');
  term.type('w');
  expect(await term.session.heard('answer')).toEqual({ type: 'answer', questionId: 'orphans', value: 'wait' });
  await term.waitFor('y agrees to the plan above');
});
