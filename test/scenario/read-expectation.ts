/** What a scenario's expect.json says is seen of its job, and what a recovery of it comes to. */
import { readFileSync } from 'node:fs';
import type { Diagnosis } from '../../src/core/diagnosis/schema.ts';
import type { Evidence } from '../../src/core/evidence/schema.ts';
import { assembleProgress } from '../../src/core/job/schema.ts';
import type { Proposal, Proposals } from '../../src/core/plan/schema.ts';
import { formatRecoveryPrompt } from '../../src/present/recovery-prompt.ts';

/** The part of expect.json that only the tests read; `effects` counts the lines a recovered job has in its log. */
export type Expectation = {
  readonly seen: unknown;
  readonly recovery: {
    /** Files written before, by name. */
    readonly prepare?: Readonly<Record<string, string>>;
    readonly args: readonly string[];
    readonly exit_code: number;
    readonly status?: string;
    readonly error?: string;
  };
  readonly effects: { readonly file: string; readonly count: number };
};

export function readExpectation(folder: string): Expectation {
  return JSON.parse(readFileSync(`${folder}/expect.json`, 'utf8')) as Expectation;
}

/** The choices every job has. Source: seed 002. */
const SEED_CHOICES = ['resume', 'restart', 'cancel', 'review'] as const;

/** What is seen of a job, in the form of expect.json: without ids, paths, digests, processes and times. */
export function describeSeen(evidence: Evidence, diagnosis: Diagnosis, proposals: Proposals): unknown {
  const progress = evidence.units && assembleProgress(evidence.units.counts, evidence.units.unit);
  return {
    verdict: diagnosis.verdict,
    crash_detected: diagnosis.crashDetected,
    recommended: diagnosis.recommended ?? null,
    findings: diagnosis.findings.map((finding) => finding.type),
    progress,
    prompt: shorten(formatRecoveryPrompt({ evidence, diagnosis, proposals })).split('\n'),
    choices: Object.fromEntries(
      SEED_CHOICES.flatMap((choice) => {
        const proposal = proposals[choice];
        return proposal ? [[choice, describeProposal(proposal)]] : [];
      }),
    ),
  };
}

/** Paths by their last name, and digests by a word: both are others every time. */
function shorten(text: string): string {
  return text.replace(/\/\S+\//g, '').replace(/[0-9a-f]{64}/g, '<digest>');
}

function describeProposal(proposal: Proposal): unknown {
  if (proposal.type === 'refused') return { refused: proposal.refusal.code };
  if (proposal.type === 'review') return { units: proposal.unitCount };
  const { steps, warnings, questions, wouldRepeat } = proposal.plan;
  const done = steps.map(({ by: _by, ...step }) => step);
  const asked = questions.map((question) => question.id);
  return { steps: done, warnings, questions: asked, would_repeat: wouldRepeat };
}
