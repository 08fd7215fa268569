// What changes while another screen is open is on the screen of the job afterwards.
import { afterEach, expect, test } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { makeFakeReader } from '../../helpers/fake-reader.ts';
import { type OpenConsole, type OpenOptions, openConsole } from '../../helpers/open-console.tsx';
import { SAMPLE_ANSWERS } from '../../helpers/sample-answers.ts';
import { sampleDoubt, sampleLooked, sampleResumePlan, sampleSummary } from '../../helpers/sample-evidence.ts';

let open: OpenConsole | undefined;

afterEach(async () => {
  open?.controls().end(0);
  await open?.ended;
  open = undefined;
});

const LOOKED = sampleLooked();
const DOUBTFUL = { ...LOOKED, proposals: { ...LOOKED.proposals, review: { type: 'review', unitCount: 2 } } } as const;

/** Opens the sample job, whose every look after the first finds it running. */
async function openChanging(answers: OpenOptions['answers'] = {}): Promise<OpenConsole> {
  let looks = 0;
  open = openConsole({
    reader: makeFakeReader({ jobs: [sampleSummary()], units: [sampleDoubt(48)] }),
    answers: {
      ...SAMPLE_ANSWERS,
      inspect: () => {
        const verdict = looks === 0 ? 'interrupted' : 'alive';
        looks += 1;
        return { stage: 'diagnosed', ...DOUBTFUL, diagnosis: { ...LOOKED.diagnosis, verdict } };
      },
      back: (_command, state) => {
        const looked = state.stage === 'refused' ? state.looked : 'evidence' in state ? state : undefined;
        return looked && { ...looked, stage: 'diagnosed' };
      },
      choose: () => ({ stage: 'planned', ...LOOKED, plan: sampleResumePlan() }),
      ...answers,
    },
  });
  await open.ready('California Orders');
  open.type('\r');
  await open.ready('Verdict: interrupted');
  return open;
}

/** Tells the console that the job changed, and waits until it has heard. */
async function changeUnseen(term: OpenConsole): Promise<void> {
  const before = term.session.commands.length;
  term.reader.changed();
  await term.session.idle();
  await term.session.idle();
  expect(term.session.commands.length).toBe(before);
}

test.each([
  ['help', '?', '? close help'],
  ['plan', 'r', 'y agrees to the plan above'],
])('job: what changed while the %s was open is on the screen after it', async (_name, key, shown) => {
  const term = await openChanging();
  term.type(key);
  await term.ready(shown);
  await changeUnseen(term);
  term.type('q');
  await term.ready('Verdict: running');
});

test('review: what changed while a reason was typed is read when the text is left', async () => {
  const term = await openChanging();
  term.type('v');
  await term.ready('>      48');
  term.type('s');
  await term.ready('What is true about it?');
  term.type('x');
  await term.ready('> Reason');
  await changeUnseen(term);
  const looks = term.session.commands.length;
  term.type('\u001b');
  await term.ready('What is true about it?');
  expect(term.session.commands.length).toBe(looks);
  term.type('\u001b');
  await term.ready('1 row to decide about');
  term.type('q');
  await term.ready('Verdict: running');
});

test('refused: what changed before it is read when it is put away', async () => {
  const error = new RecoveryError('LEASE_HELD', 'the job is held by somebody else');
  const term = await openChanging({ approve: () => ({ stage: 'refused', error, looked: LOOKED }) });
  term.type('r');
  await term.ready('y agrees to the plan above');
  await changeUnseen(term);
  term.type('y');
  await term.ready('Refused: LEASE_HELD');
  term.type('q');
  await term.ready('Verdict: running');
});
