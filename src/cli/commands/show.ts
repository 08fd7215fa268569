import { HINTS } from '../../core/errors.ts';
import type { Evidence } from '../../core/evidence/schema.ts';
import { translateProgress } from '../../core/families/build-report.ts';
import { assembleProgress } from '../../core/job/schema.ts';
import type { Proposal } from '../../core/plan/schema.ts';
import type { Looked } from '../../core/session/schema.ts';
import { describeCheckpoints } from '../../present/checkpoint-lines.ts';
import type { UnitWord } from '../../present/families/family-words.ts';
import { askInWords } from '../../present/families/registry.ts';
import { formatRecoveryPrompt } from '../../present/recovery-prompt.ts';
import { safeText } from '../../present/safe-text.ts';
import {
  chooseUnitWord,
  describeFinding,
  describeStanding,
  describeStep,
  describeWarning,
} from '../../present/words.ts';
import type { CommandContext } from '../command-context.ts';
import { openSession, readActOptions } from '../compose.ts';
import { findShown } from '../open-places.ts';
import { readPlacePolicies } from '../place-policies.ts';
import { describeAnswerFlag } from '../question-flags.ts';
import { translateEvidence, translateQuestions } from '../translate-evidence.ts';

/** `salvor show`: what is known of a job and what each choice would do. Changes nothing. Source: contract, commands. */
export async function runShow(context: CommandContext): Promise<number> {
  const { asked, config, version, output } = context;
  const { ref, place } = await findShown(config, asked.positionals, asked.texts.source);
  const session = openSession(place, ref.id, {
    ...(await readActOptions(config, asked, version)),
    placePolicies: await readPlacePolicies(config, [place]),
    dryRun: true,
  });
  session.send({ type: 'inspect' });
  await session.idle();
  const state = session.snapshot();
  if (state.stage === 'refused') throw state.error;
  if (state.stage !== 'diagnosed') return 1;
  if (asked.switches.has('prompt')) {
    output.print(formatRecoveryPrompt(state));
    return 0;
  }
  if (output.json) output.printJson(translateLooked(state));
  else for (const line of formatLooked(state)) output.print(line);
  return 0;
}

function formatLooked(looked: Looked): readonly string[] {
  const { evidence, diagnosis, proposals } = looked;
  const unit = chooseUnitWord(evidence);
  return [
    formatRecoveryPrompt(looked),
    '',
    `Verdict: ${describeStanding(looked)}${diagnosis.recommended ? `; recommended: ${diagnosis.recommended}` : ''}`,
    ...diagnosis.findings.map((finding) => `  - ${describeFinding(finding, unit)}`),
    ...formatCheckpoints(describeCheckpoints(evidence)),
    ...Object.entries(proposals).flatMap(([choice, proposal]) => ['', ...formatProposal(choice, proposal, evidence)]),
  ];
}

function formatCheckpoints(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', 'Checkpoints:', ...lines.map((line) => `  ${line}`)];
}

function formatProposal(choice: string, proposal: Proposal, evidence: Evidence): readonly string[] {
  const unit = chooseUnitWord(evidence);
  if (proposal.type === 'review') return [`${choice}: would show ${proposal.unitCount}`];
  if (proposal.type === 'refused') {
    const { code, message } = proposal.refusal;
    return [`${choice}: not now: ${safeText(message, 400)}`, `  ${HINTS[code]}`];
  }
  const { steps, warnings, questions, digest } = proposal.plan;
  return [
    `${choice} (plan ${digest.slice(0, 12)}):`,
    ...steps.map((step, index) => `  ${index + 1}. ${describeStep(step, unit)}`),
    ...warnings.map((warning) => `  ! ${describeWarning(warning)}`),
    ...questions.flatMap((question) => {
      const { prompt, facts } = askInWords(evidence, question);
      return [`  ? ${describeAnswerFlag(question)}: ${prompt}`, ...facts.map((fact) => `    - ${fact}`)];
    }),
  ];
}

/** The JSON of a job: keys in snake_case, times in ISO-8601, absent values null. */
function translateLooked({ evidence, diagnosis, proposals }: Looked): unknown {
  const { id, name, kind, source } = evidence.job;
  const unit = chooseUnitWord(evidence);
  return {
    schema_version: 1,
    job: { id, name, kind, source },
    status: evidence.recorded.status,
    verdict: diagnosis.verdict,
    attention: diagnosis.attention,
    progress: evidence.units ? translateProgress(assembleProgress(evidence.units.counts, evidence.units.unit)) : null,
    evidence: translateEvidence(evidence),
    diagnosis: {
      verdict: diagnosis.verdict,
      crash_detected: diagnosis.crashDetected,
      recommended: diagnosis.recommended ?? null,
      findings: diagnosis.findings.map((finding) => ({ type: finding.type, message: describeFinding(finding, unit) })),
    },
    plans: Object.fromEntries(
      Object.entries(proposals).map(([choice, proposal]) => [choice, translateProposal(proposal, unit)]),
    ),
  };
}

function translateProposal(proposal: Proposal, unit: UnitWord): unknown {
  if (proposal.type === 'review') return { type: 'review', units: proposal.unitCount };
  if (proposal.type === 'refused') {
    const { code, message, details } = proposal.refusal;
    return { type: 'refused', error: { code, message, hint: HINTS[code], details } };
  }
  const { plan } = proposal;
  return {
    type: 'plan',
    digest: plan.digest,
    steps: plan.steps.map((step) => ({ action: step.action, detail: describeStep(step, unit) })),
    warnings: plan.warnings.map((warning) => ({ code: warning.code, message: describeWarning(warning) })),
    questions: translateQuestions(plan.questions),
    would_repeat: plan.wouldRepeat,
  };
}
