/** One kiln from the first look to its report, through the session and the words of the program; prints what was said. */
import { randomUUID } from 'node:crypto';
import type { Evidence } from '../../../../src/core/evidence/schema.ts';
import { type ExecutionResult, startResults } from '../../../../src/core/execution/schema.ts';
import { buildReport } from '../../../../src/core/families/build-report.ts';
import { diagnose } from '../../../../src/core/families/diagnose.ts';
import { assembleProgress } from '../../../../src/core/job/schema.ts';
import type { Actuator } from '../../../../src/core/ports.ts';
import { makeSession } from '../../../../src/core/session/make-session.ts';
import type { SessionCommand } from '../../../../src/core/session/schema.ts';
import { askInWords } from '../../../../src/present/families/registry.ts';
import { formatRecoveryPrompt } from '../../../../src/present/recovery-prompt.ts';
import { formatReportText } from '../../../../src/present/report-text.ts';
import { describeFinding, describeStep, describeWarning } from '../../../../src/present/words.ts';

const EVIDENCE: Evidence = {
  job: { id: 'k1', name: 'East kiln', kind: 'workflow', family: 'kiln', source: 'kilns' },
  recorded: { status: 'running', runCount: 1, epoch: 0 },
  orphans: [],
  prerequisites: [],
  audit: { entryCount: 0, actions: [] },
  own: { temperature: 20 },
  collectedAtMs: 0,
};
const COUNTS = { pending: 0, in_doubt: 0, done: 0, failed: 0, skipped: 0, needs_review: 0 };
const words = { describeFinding, describeStep, describeWarning };

const actuator: Actuator = {
  start(approved) {
    const steps = startResults(approved.plan).map((result) => ({ ...result, state: 'done' as const }));
    const progressAfter = assembleProgress(COUNTS, 'step');
    const result: ExecutionResult = { steps, end: 'completed', settled: 0, progressAfter, durationMs: 1, attempt: 2 };
    const ids = { reportId: randomUUID(), correlationId: randomUUID(), version: '0', host: 'here' };
    const policy = { type: 'none' } as const;
    const report = buildReport({ approved, diagnosis: diagnose(approved.evidence), policy, result, ...ids, words });
    return { done: Promise.resolve({ steps, report, reportPath: undefined }), stop: () => {}, detach: () => {} };
  },
  settle: async () => [],
  recordRefusal: async () => {},
};

const session = makeSession('k1', {
  reader: { collect: async () => EVIDENCE },
  actuator,
  clock: { nowMs: () => 0 },
  authority: { principal: 'local:ops', policy: { type: 'none' }, readOnly: false, canAct: true },
});
const said: unknown[] = [];
const say = async (command: SessionCommand) => {
  session.send(command);
  await session.idle();
  return session.snapshot();
};

const seen = await say({ type: 'inspect' });
if (seen.stage === 'diagnosed') said.push(formatRecoveryPrompt(seen), seen.diagnosis.recommended);
const asked = await say({ type: 'choose', choice: 'resume' });
if (asked.stage === 'planned') said.push(asked.plan.questions.map((question) => askInWords(EVIDENCE, question)));
const planned = await say({ type: 'answer', questionId: 'heat', value: '1200' });
if (planned.stage === 'planned') {
  const { steps, warnings, questions, digest } = planned.plan;
  said.push(
    steps.map((step) => describeStep(step, 'step')),
    warnings.map(describeWarning),
    questions,
  );
  const consent = { planDigest: digest, principal: 'local:ops', atMs: 0, form: 'key' } as const;
  const end = await say({ type: 'approve', consent });
  said.push(end.stage === 'reported' ? formatReportText(end.report) : end);
}
process.stdout.write(JSON.stringify(said));
