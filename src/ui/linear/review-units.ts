/** The review of units as a conversation: each open unit is told, and can be settled. */
import type { UnitFacts } from '../../core/evidence/schema.ts';
import type { Session } from '../../core/session/schema.ts';
import { formatCount } from '../../present/format.ts';
import { safeText } from '../../present/safe-text.ts';
import { describeSettled } from '../../present/settled-words.ts';
import { chooseUnitWord } from '../../present/words.ts';
import { settledOf } from '../state/deeds.ts';
import { describeNoAskAgain } from '../state/key-context.ts';
import { describeUnitEnd } from '../view/units-view.ts';
import { ask, type Desk, print } from './desk.ts';

/** How many units are told at a time. */
const PAGE = 20;

const SETTLE_WORDS = { done: 'done', again: 'pending', skip: 'skipped' } as const;

/** Tells the units that wait for a decision and settles the ones the operator names. */
export async function reviewUnits(desk: Desk, session: Session, jobId: string): Promise<void> {
  const page = await desk.options.reader.units(jobId, {
    statuses: ['in_doubt', 'needs_review'],
    offset: 0,
    limit: PAGE,
  });
  const now = session.snapshot();
  const word = 'evidence' in now ? chooseUnitWord(now.evidence) : 'row';
  const title = word === 'row' ? 'Row' : 'Step';
  print(desk, [
    `${formatCount(page.total, word)} ${page.total === 1 ? 'waits' : 'wait'} for a decision.`,
    ...page.units.map(
      (unit) =>
        `${title} ${unit.number}, key ${safeText(unit.key, 100)}: ${unit.status.replace('_', ' ')}. ${describeUnitEnd(unit)}`,
    ),
  ]);
  if (page.units.length === 0 || desk.options.readOnly) return;
  const why = describeNoAskAgain('evidence' in now ? now.evidence.units : undefined);
  const hook = why === undefined ? ', hook to ask the verify hook again about all,' : '';
  const answer = await ask(desk, `Type the number of the ${word} to settle it${hook} or b to go back:`, REVIEW_HELP);
  // Its plan is told next, and nothing is asked before it was agreed to.
  if (answer === 'hook' && why === undefined)
    return session.send({ type: 'choose', choice: 'resume', answers: { verify: 'again' } });
  if (answer === 'hook') return print(desk, [`The hook cannot be asked: ${why}.`]);
  const unit = page.units.find((open) => String(open.number) === answer);
  if (unit !== undefined) await settle(desk, session, unit);
  else if (answer !== undefined && answer !== 'b')
    print(desk, [`'${safeText(answer, 60)}' is not the number of a ${word} of this list.`]);
}

const REVIEW_HELP = [
  'The units above may have been done or not; nobody knows. Find out, then settle them one by one.',
  'A number is asked about next, and nothing is settled before a reason was given. b goes back to the choices.',
  'hook tells the plan of a resume that asks the verify hook again about all of them, where the job has one.',
];

const SETTLE_HELP = [
  'done: it was done, and is not run again; its receipt is asked for.',
  'again: it was not done; the next resume runs it again.',
  'skip: it counts as neither done nor left.',
];

async function settle(desk: Desk, session: Session, unit: UnitFacts): Promise<void> {
  const word = await ask(
    desk,
    'Was it done? Type done, again (it was not done and is run again) or skip; anything else goes back:',
    SETTLE_HELP,
  );
  if (word !== 'done' && word !== 'again' && word !== 'skip') {
    if (word !== undefined) print(desk, [`'${safeText(word, 60)}' is none of these. Nothing was done.`]);
    return;
  }
  const receipt = word === 'done' ? await ask(desk, 'Its receipt, or nothing:') : '';
  const reason = await ask(desk, 'The reason, kept in the audit trail:');
  if (receipt === undefined || reason === undefined || reason === '') {
    print(desk, ['A reason is needed. Nothing was done.']);
    return;
  }
  const withReceipt = receipt === '' ? {} : { receipt };
  const { number, eventSequence } = unit;
  session.send({
    type: 'settle',
    units: [{ number, eventSequence }],
    as: SETTLE_WORDS[word],
    reason,
    ...withReceipt,
  });
  desk.deeds.wait(session.idle());
  await session.idle();
  const now = session.snapshot();
  const unitWord = 'evidence' in now ? chooseUnitWord(now.evidence) : 'row';
  for (const one of settledOf(now) ?? []) print(desk, [describeSettled(one, unitWord)]);
}
