/** The conversation about one job: what is true, what can be done, the plan, the consent, the outcome. */
import { HINTS, type RecoveryError } from '../../core/errors.ts';
import type { Choice } from '../../core/job/schema.ts';
import type { Consent, Plan } from '../../core/plan/schema.ts';
import type { Session, SessionState } from '../../core/session/schema.ts';
import { describeChanges } from '../../present/change-words.ts';
import { choicesOf } from '../../present/choices.ts';
import { assemblePromptFacts } from '../../present/recovery-prompt.ts';
import { safeText } from '../../present/safe-text.ts';
import { describeStanding } from '../../present/words.ts';
import { followSettles } from '../state/deeds.ts';
import { answerKeys, openQuestions } from '../state/open-questions.ts';
import { chooseTypedWord, matchTyped } from '../state/typed-consent.ts';
import { assembleChoiceItems } from '../view/choice-items.ts';
import { formatOutcome } from '../view/outcome.ts';
import { assemblePlanText, assembleStaleText } from '../view/plan-view.ts';
import { assembleRefusedText, assembleReportText } from '../view/run-view.ts';
import { ask, type Desk, LINEAR_WIDTH, print } from './desk.ts';
import { reviewUnits } from './review-units.ts';

type Stage<S extends SessionState['stage']> = Extract<SessionState, { readonly stage: S }>;
type OnRun = (run: LinearRun | undefined) => void;

/** A recovery under way: `stop` resolves when it has ended, `detach` leaves it to itself. */
export type LinearRun = { readonly stop: () => Promise<void>; readonly detach: () => void };

/** Talks about a job until its recovery is reported, or the operator goes back to the list. */
export async function talkAboutJob(desk: Desk, jobId: string, onRun: OnRun): Promise<void> {
  const session = desk.options.openSession(jobId);
  followSettles(session, desk.deeds, () => {
    const now = session.snapshot();
    return { jobId, name: 'evidence' in now ? now.evidence.job.name : jobId };
  });
  session.send({ type: 'inspect' });
  let told: SessionState | undefined;
  for (;;) {
    await session.idle();
    // Nothing is told twice as true now: it may be different by now.
    if (session.snapshot() === told) session.send({ type: 'inspect' });
    await session.idle();
    const state = session.snapshot();
    told = state;
    if (state.stage === 'reported') return tellReport(desk, state);
    const goesOn = await talkInStage(desk, session, { state, onRun });
    if (!goesOn) return;
  }
}

type Turn = { readonly state: SessionState; readonly onRun: OnRun };

async function talkInStage(desk: Desk, session: Session, { state, onRun }: Turn): Promise<boolean> {
  if (state.stage === 'diagnosed') return chooseFor(desk, session, state);
  if (state.stage === 'planned') return agreeTo(desk, session, { state, onRun });
  if (state.stage !== 'refused') return false;
  print(desk, assembleRefusedText(state, LINEAR_WIDTH).slice(0, -1));
  const answer = await ask(desk, 'Type l to look at the job again, or b to go back to the jobs:', REFUSED_HELP);
  if (answer === 'l') session.send({ type: 'inspect' });
  return answer === 'l';
}

async function chooseFor(desk: Desk, session: Session, state: Stage<'diagnosed'>): Promise<boolean> {
  print(desk, [
    ...assemblePromptFacts(state).flatMap((block) => [...block.map(({ text }) => text), '']),
    `Verdict: ${describeStanding(state)}`,
    ...assembleChoiceItems(state).map((item) => item.label),
  ]);
  const answer = await ask(
    desk,
    `Type ${choicesOf(state.evidence.job).join(', ')}, or b to go back to the jobs:`,
    explainChoices(state),
  );
  if (answer === undefined || answer === 'b') return false;
  const choice = assembleChoiceItems(state).find((item) => item.value === answer)?.value;
  if (choice === undefined) print(desk, [`'${safeText(answer, 60)}' is none of the choices.`]);
  else await take(desk, session, { state, choice });
  return true;
}

const PLAN_HELP = [
  'The plan above is what would be done, and nothing has been done yet.',
  'yes does it. Anything else goes back to the choices and does nothing.',
  'Where something has to be decided first, the keys that answer are told with the question.',
];

const REFUSED_HELP = [
  'What was asked for was refused, for the reason above.',
  'l looks at the job again and tells what is true now. b goes back to the list of jobs.',
];

function explainChoices(state: Stage<'diagnosed'>): readonly string[] {
  return [
    ...assembleChoiceItems(state).map((item) => item.label),
    'They tell their plan first and do nothing before you agree; review tells the rows to decide about.',
    'b goes back to the list of jobs.',
  ];
}

type Taking = { readonly state: Stage<'diagnosed'>; readonly choice: Choice };

async function take(desk: Desk, session: Session, { state, choice }: Taking): Promise<void> {
  const proposal = state.proposals[choice];
  if (proposal === undefined) return;
  if (proposal.type === 'refused') {
    const { code, message } = proposal.refusal;
    print(desk, [`${choice} is not possible now: ${safeText(message, 1000)} (${code})`, HINTS[code]]);
  } else if (proposal.type === 'review') {
    await reviewUnits(desk, session, state.evidence.job.id);
  } else if (choice !== 'review') {
    session.send({ type: 'choose', choice });
  }
}

type Agreeing = { readonly state: Stage<'planned'>; readonly onRun: OnRun };

async function agreeTo(desk: Desk, session: Session, { state, onRun }: Agreeing): Promise<boolean> {
  const { plan } = state;
  print(desk, assemblePlanText(plan, state.evidence, LINEAR_WIDTH));
  if (openQuestions(plan).length > 0) return answerFirst(desk, session, plan);
  // A name may be any word, help too.
  const help = plan.consentForm === 'type_name' ? undefined : PLAN_HELP;
  const answer = await ask(desk, askForConsent(plan), help);
  const form = answer === undefined ? undefined : readConsent(plan, answer);
  if (form === undefined) {
    print(desk, ['Nothing was done.']);
    session.send({ type: 'inspect' });
    return answer !== undefined;
  }
  const { principal, clock } = desk.options;
  const stopTelling = tellProgress(desk, session);
  onRun({
    stop: () => {
      session.send({ type: 'stop' });
      return session.idle();
    },
    detach: () => {
      session.send({ type: 'detach' });
      desk.deeds.add(`Job '${safeText(plan.jobName, 200)}': goes on in the background.`);
    },
  });
  session.send({ type: 'approve', consent: { planDigest: plan.digest, principal, atMs: clock.nowMs(), ...form } });
  await session.idle();
  // At once: who asked it to stop may end the conversation before the report is told.
  const end = session.snapshot();
  if (end.stage === 'reported') desk.deeds.add(formatOutcome(end.report, end.reportPath));
  if (end.stage === 'refused' && end.error.code === 'EVIDENCE_STALE')
    makeAnew(desk, session, { plan, error: end.error });
  onRun(undefined);
  stopTelling();
  return true;
}

type Stale = { readonly plan: Plan; readonly error: RecoveryError };

/** A plan that went stale: tells what changed, looks again and makes the plan anew. Nothing is agreed to by this. */
function makeAnew(desk: Desk, session: Session, { plan, error }: Stale): void {
  print(desk, assembleStaleText({ changes: describeChanges(error.details), stage: 'unread' }, LINEAR_WIDTH));
  session.send({ type: 'inspect' });
  session.send({ type: 'choose', choice: plan.choice, answers: plan.lasting });
}

/** Asks what has to be decided before the plan can be agreed to; anything but an answer goes back. */
async function answerFirst(desk: Desk, session: Session, plan: Plan): Promise<boolean> {
  const keys = answerKeys({ questions: openQuestions(plan) });
  const words = keys.map(({ key }) => key).join(', ');
  const word = await ask(desk, `Type one of ${words} to answer, or no to go back:`, PLAN_HELP);
  const answer = keys.find(({ key }) => key === word);
  const value = answer && (answer.value ?? (await ask(desk, 'Type the answer, or nothing to go back:')));
  if (answer === undefined || value === undefined || value === '') session.send({ type: 'inspect' });
  else session.send({ type: 'answer', questionId: answer.questionId, value });
  return word !== undefined;
}

function askForConsent(plan: Plan): string {
  if (plan.consentForm !== 'type_name') return 'Do this? Type yes or no:';
  const word = chooseTypedWord(plan);
  const what = word.what === 'name' ? 'the name of the job' : 'its id, since its name cannot be typed';
  return `To agree, type ${what}: ${word.text}. Anything else goes back:`;
}

function readConsent(plan: Plan, answer: string): Pick<Consent, 'form' | 'typedName'> | undefined {
  if (plan.consentForm !== 'type_name') return answer === 'yes' ? { form: 'key' } : undefined;
  const typedName = matchTyped(plan, answer);
  return typedName === undefined ? undefined : { form: 'typed', typedName };
}

/** Tells how far a recovery got at every tenth of it: a line for every unit would never be read. */
function tellProgress(desk: Desk, session: Session): () => void {
  let told = -1;
  return session.subscribe(() => {
    const state = session.snapshot();
    if (state.stage !== 'executing' || state.progress.total === 0) return;
    const { done, total, unit } = state.progress;
    const tenth = Math.floor((done * 10) / total);
    if (tenth === told) return;
    told = tenth;
    print(desk, [`${done} of ${total} ${unit}s done.`]);
  });
}

function tellReport(desk: Desk, state: Stage<'reported'>): void {
  print(desk, assembleReportText(state, LINEAR_WIDTH));
}
