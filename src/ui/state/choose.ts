/** From a choice to its plan, and from a plan to consent. Choosing never acts by itself. */
import type { Choice } from '../../core/job/schema.ts';
import type { Plan } from '../../core/plan/schema.ts';
import { askInWords } from '../../present/families/registry.ts';
import { describeHint, joinSentences } from '../view/describe-refusal.ts';
import { type Core, say, setDialog, updateJob } from './core.ts';
import { answerKey } from './notice-cause.ts';
import { answerKeys, openQuestions } from './open-questions.ts';
import { chooseTypedWord, matchTyped } from './typed-consent.ts';

/** Shows the plan of a choice, or why there is none; review shows the units. */
export function choose(core: Core, choice: Choice): void {
  const looked = core.store.snapshot().job?.looked;
  if (looked === undefined || core.link === undefined) {
    say(core, 'The job is still being read.');
    return;
  }
  const proposal = looked.proposals[choice];
  if (proposal === undefined) {
    answerKey(core, `${choice}: this job has no such choice`, { command: choice });
    return;
  }
  if (proposal.type === 'refused') {
    const { code, message } = proposal.refusal;
    const text = joinSentences(`${choice}: ${message} (${code})`, describeHint(code));
    answerKey(core, text, { command: choice, why: code });
    return;
  }
  if (proposal.type === 'review') {
    startReview(core);
    return;
  }
  if (choice !== 'review') core.link.session.send({ type: 'choose', choice });
}

/** Agrees to the plan on the screen with a key. The consent names the plan's digest: another plan is refused. */
export function agree(core: Core): void {
  const plan = shownPlan(core);
  if (plan === undefined || openQuestions(plan).length > 0) return;
  approve(core, plan, { form: 'key' });
}

/** Agrees with the job's name typed in full; another text changes nothing. */
export function agreeTyped(core: Core): void {
  const plan = shownPlan(core);
  if (plan === undefined) return;
  const { typedName: typed } = core.store.snapshot();
  const { what } = chooseTypedWord(plan);
  const typedName = matchTyped(plan, typed);
  if (typedName === undefined) {
    say(
      core,
      typed === '' ? `Type the ${what} of the job first.` : `That is not the ${what} of the job; nothing was done.`,
      'warning',
    );
    return;
  }
  approve(core, plan, { form: 'typed', typedName });
}

/** The operator has read what changed since the plan before; from now on the key that agrees acts again. */
export function acknowledgeChanges(core: Core): void {
  updateJob(core, (job) => (job.stale === undefined ? job : { ...job, stale: { ...job.stale, stage: 'read' } }));
}

/** Answers a question of the plan with a key; the plan is built again with the answer, or a text is typed first. */
export function answerWithKey(core: Core, key: string): void {
  const session = core.store.snapshot().job?.session;
  if (session?.stage !== 'planned') return;
  const { plan, evidence } = session;
  const answer = answerKeys(plan).find((one) => one.key === key);
  const question = plan.questions.find(({ id }) => id === answer?.questionId);
  if (answer === undefined || question === undefined) {
    answerKey(core, `${key} answers no question here; ? for help.`, {});
    return;
  }
  const { questionId, value } = answer;
  if (value !== undefined) core.link?.session.send({ type: 'answer', questionId, value });
  else setDialog(core, { type: 'answer', questionId, prompt: askInWords(evidence, question).prompt, text: '' });
}

/** Answers with the text that was typed. */
export function answerTyped(core: Core): void {
  const { dialog } = core.store.snapshot();
  if (dialog?.type !== 'answer') return;
  const value = dialog.text.trim();
  if (value === '') {
    say(core, 'Type the answer first, or go back with Esc.', 'warning');
    return;
  }
  setDialog(core, undefined);
  core.link?.session.send({ type: 'answer', questionId: dialog.questionId, value });
}

/** Shows the plan of a resume that asks the verify hook about units under review as well. */
export function askAgain(core: Core): void {
  core.link?.session.send({ type: 'choose', choice: 'resume', answers: { verify: 'again' } });
}

type Form = { readonly form: 'key' } | { readonly form: 'typed'; readonly typedName: string };

function approve(core: Core, plan: Plan, form: Form): void {
  const { clock, principal } = core.options;
  core.link?.session.send({
    type: 'approve',
    consent: { planDigest: plan.digest, principal, atMs: clock.nowMs(), ...form },
  });
}

function shownPlan(core: Core): Plan | undefined {
  const session = core.store.snapshot().job?.session;
  return session?.stage === 'planned' ? session.plan : undefined;
}

function startReview(core: Core): void {
  updateJob(core, (job) => ({ ...job, isReviewing: true }));
  core.store.update((state) => ({ ...state, notice: undefined, scroll: 0 }));
  core.link?.units.restart('clear');
}
