/** A family of one choice: kilns that went cold are heated again, to what a person says. */
import type { Evidence } from '../../../../src/core/evidence/schema.ts';
import type { Family } from '../../../../src/core/families/family.ts';
import { allowOnly, refuse } from '../../../../src/core/plan/common-rules.ts';
import type { KilnFacts } from './schema.ts';

/** The facts that a source of kilns put into the evidence. */
const kilnOf = ({ own }: Evidence): KilnFacts => own as KilnFacts;

export const KILNS: Family = {
  name: 'kiln',
  formatAction: (deed) => `recover:${deed}` as const,
  diagnose(evidence) {
    const { temperature } = kilnOf(evidence);
    if (temperature > 100) return { verdict: 'alive', attention: 'running', crashDetected: false, findings: [] };
    return {
      verdict: 'interrupted',
      attention: 'interrupted',
      crashDetected: true,
      findings: [{ type: 'kiln_cold', severity: 'warning', temperature }],
      recommended: 'resume',
    };
  },
  choices: [
    {
      choice: 'resume',
      label: 'Heat it again',
      consent: 'confirm',
      basis: 'everything',
      rules: [
        allowOnly('recover:resume'),
        ({ diagnosis: { verdict }, evidence: { job } }) =>
          verdict === 'alive' ? refuse('RUNNER_ALIVE', `kiln '${job.name}' is hot`) : undefined,
      ],
      questions: () => [
        {
          id: 'heat',
          options: [
            { value: '800', key: 'l' },
            { value: '1200', key: 'h' },
          ],
          isOptional: false,
          unanswered: refuse('CONFIRMATION_NEEDED', 'nobody said how hot'),
        },
      ],
      steps: ({ answers }) => [{ by: 'source', action: 'heat', to: answers['heat'] ?? '?' }],
      warnings: () => [{ code: 'KILN_EMPTY' }],
    },
  ],
  report: ({ describeFindings, notes }) => ({ diagnostics: [...describeFindings(), ...notes] }),
};
