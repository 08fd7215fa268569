import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../src/core/evidence/schema.ts';
import { diagnose } from '../../src/core/families/diagnose.ts';
import { buildProposals } from '../../src/core/families/propose.ts';
import { formatRecoveryPrompt } from '../../src/present/recovery-prompt.ts';
import { assembleChoiceItems } from '../../src/ui/view/choice-items.ts';
import { ANYBODY, LIVING, withStatus, withUnits } from '../helpers/evidence-builders.ts';
import { SAMPLE_UNITS, sampleEvidence, sampleUnit } from '../helpers/sample-evidence.ts';

const look = (evidence: Evidence) => {
  const diagnosis = diagnose(evidence);
  return { evidence, diagnosis, proposals: buildProposals({ evidence, diagnosis, authority: ANYBODY }) };
};
const prompt = (evidence: Evidence) => formatRecoveryPrompt(look(evidence));
const withLastDone = (change: Parameters<typeof sampleUnit>[1]) =>
  sampleEvidence({ units: { ...SAMPLE_UNITS, lastDone: sampleUnit(47, change) } });

const OPTIONS = `Options:
  [resume]  - Continue from where it stopped
  [restart] - Start over from the beginning (may create duplicates!)
  [cancel]  - Abandon this job`;

/** The sample of the contract, to the letter. */
const CONTRACT = `Job 'California Orders' was interrupted at row 47/200.

Last completed: Row 47 (tracking: 1Z999AA10123456784)
Remaining: 153 rows

Last error: E-3001: UPS API timeout
Resume will retry from the failed row.

${OPTIONS}`;

describe('formatRecoveryPrompt', () => {
  it('is the sample of the contract, to the letter', () => {
    expect(prompt(withLastDone({ receipt: '1Z999AA10123456784' }))).toBe(CONTRACT);
  });

  it('offers a stop of a job that runs, and has no word for it where nobody runs one', () => {
    const living = sampleEvidence({ liveness: LIVING });
    expect(prompt(living)).toContain('[stop]    - Stop it after what it has in hand; it can be resumed');
    expect(prompt(sampleEvidence({ liveness: { ...LIVING, process: 'unknown' } }))).toMatch(
      /Not now:[\s\S]*\[stop\] {4}- .*in another container/u,
    );
    for (const dead of [sampleEvidence(), withStatus('completed', { done: 2 }), withStatus('cancelled')])
      expect(prompt(dead)).not.toContain('[stop]');
  });

  it('has no parenthesis without a receipt', () => {
    const { receipt: _receipt, ...lastDone } = sampleUnit(47);
    expect(prompt(sampleEvidence({ units: { ...SAMPLE_UNITS, lastDone } }))).toContain(
      '\n\nLast completed: Row 47\nRemaining: 153 rows\n\n',
    );
  });

  it('calls a receipt a receipt when the job has no word for it', () => {
    const { receiptLabel: _label, ...units } = SAMPLE_UNITS;
    expect(prompt(sampleEvidence({ units }))).toContain('Row 47 (receipt: 1Z');
  });

  it('has no last completed line when nothing was', () => {
    const { lastDone: _done, lastFailing: _failing, ...units } = SAMPLE_UNITS;
    const { lastError: _error, ...recorded } = sampleEvidence().recorded;
    const counts = { ...units.counts, pending: 3, done: 0, failed: 0 };
    expect(prompt(sampleEvidence({ recorded, units: { ...units, counts } }))).toBe(
      `Job 'California Orders' was interrupted at row 0/3.\n\nRemaining: 3 rows\n\n${OPTIONS}`,
    );
  });

  it('adds a line and a fourth option for units in doubt or under review', () => {
    const evidence = withUnits({ done: 47, pending: 150, in_doubt: 2, needs_review: 1 });
    expect(prompt(evidence)).toContain(
      `\n\nRows requiring attention: 2 in-flight, 1 needs review\n\n${OPTIONS}\n  [review]  - Look at what needs attention`,
    );
  });

  it('says step of a workflow', () => {
    const text = prompt(withUnits({ done: 1, in_doubt: 1, pending: 1 }, { unit: 'step', lastDone: sampleUnit(1) }));
    expect(text).toContain("Job 'California Orders' was interrupted at step 1/3.");
    expect(text).toContain('Last completed: Step 1 (');
    expect(text).toContain('Remaining: 2 steps');
    expect(text).toContain('Resume will retry from the failed step.');
    expect(text).toContain('Steps requiring attention: 1 in-flight, 0 needs review');
  });

  it('counts one row that remains, and skipped ones apart', () => {
    expect(prompt(withUnits({ done: 1, skipped: 1, pending: 1 }))).toContain('Remaining: 1 row, 1 skipped\n');
  });

  it('says of a row that goes on by itself that it is in hand, and asks for nobody', () => {
    const living = { ...withUnits({ done: 1, in_doubt: 2, pending: 1 }), liveness: LIVING };
    expect(prompt(living)).toContain('Rows in hand of the runner: 2\n');
    expect(prompt(living)).not.toMatch(/requiring attention|\[review\] +- Look/);
    expect(diagnose(living).findings.map(({ type }) => type)).toContain('units_in_hand');
  });

  it('calls nothing interrupted or failed that a person put back to be run again', () => {
    const lastFailing = { ...sampleUnit(5), status: 'pending' as const, error: { code: 'E', message: 'no' } };
    const evidence = withStatus('pending', { done: 7, pending: 1 });
    const text = prompt({ ...evidence, units: { ...SAMPLE_UNITS, ...evidence.units, lastFailing } });
    expect(text).toContain("Job 'California Orders' has 1 row to run again, 7 of 8 rows done.");
    expect(text).toContain('Resume will run row 5 again.');
  });

  it('promises no retry of a unit under review, and none for a job that is not to be resumed', () => {
    const retry = 'Resume will retry';
    const reviewed = { ...sampleUnit(48), status: 'needs_review' as const };
    expect(prompt(withUnits({ done: 1, needs_review: 1 }, { lastFailing: reviewed }))).not.toContain(retry);
    expect(prompt(sampleEvidence({ liveness: LIVING }))).not.toContain(retry);
    expect(prompt(withStatus('failed'))).toContain(retry);
    const { lastFailing: _failing, ...units } = SAMPLE_UNITS;
    expect(prompt(sampleEvidence({ units }))).not.toContain(retry);
  });

  it('says of a unit in doubt that the hook is asked, and promises no retry of it', () => {
    const { receipt: _receipt, ...unit } = sampleUnit(48);
    const lastFailing = { ...unit, status: 'in_doubt' as const };
    const ask = (canVerify: boolean) => prompt(withUnits({ done: 1, in_doubt: 1 }, { lastFailing, canVerify }));
    expect(ask(true)).toContain('Resume will ask the verify hook about the row in doubt.');
    expect(ask(true)).not.toContain('retry');
    expect(ask(false)).not.toContain('Resume will');
  });

  it('is short for a job without units', () => {
    const { units: _units, ...evidence } = sampleEvidence();
    expect(prompt(evidence)).toBe(
      `Job 'California Orders' was interrupted.\n\nLast error: E-3001: UPS API timeout\n\n${OPTIONS}`,
    );
  });

  it.each<readonly [string, Evidence]>([
    ['is running', sampleEvidence({ liveness: LIVING })],
    ['is running but does not move,', sampleEvidence({ liveness: { ...LIVING, processState: 'T' } })],
    ['failed', withStatus('failed')],
    ['is finished', withStatus('completed', { done: 2 })],
    ['was cancelled', withStatus('cancelled')],
    ['has contradicting records', withStatus('completed', { pending: 1 })],
    ['may or may not be running', sampleEvidence({ liveness: { ...LIVING, host: 'other', lock: 'missing' } })],
  ])('a job that %s', (what, evidence) => {
    expect(prompt(evidence).split('\n')[0]).toMatch(
      new RegExp(`^Job 'California Orders' ${what} at row \\d+/\\d+\\.$`),
    );
  });

  it('has nothing harmful in it, wherever foreign text comes from', () => {
    const hostile = 'x\u001b[2J\u202e\ny';
    const evidence = withLastDone({ receipt: hostile });
    const text = prompt({
      ...evidence,
      job: { ...evidence.job, name: hostile },
      units: { ...SAMPLE_UNITS, lastDone: sampleUnit(1, { receipt: hostile }), receiptLabel: hostile },
      recorded: { ...evidence.recorded, lastError: { code: hostile, message: hostile } },
    });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u202e]/u);
    expect(text.split('\n')).toHaveLength(CONTRACT.split('\n').length);
  });
});

describe('what can be taken', () => {
  const changed = { what: 'rows_file', path: '/rows.csv', state: 'changed', expected: 'aa', found: 'bb' } as const;
  it.each([
    ['interrupted', sampleEvidence(), ''],
    ['interrupted in a row', withUnits({ done: 1, in_doubt: 1, pending: 1 }), ''],
    ['running', sampleEvidence({ liveness: LIVING }), 'resume restart review'],
    ['finished', withStatus('completed', { done: 2 }), 'resume restart cancel review'],
    ['ended with rows under review', withStatus('completed', { done: 1, needs_review: 1 }), 'resume'],
    ['cancelled', withStatus('cancelled', { done: 1, pending: 1 }), 'resume restart cancel review'],
    ['of a changed rows file', sampleEvidence({ prerequisites: [changed] }), 'resume restart review'],
  ])('is the same in the prompt and in the console of a job that is %s', (_what, evidence, refused) => {
    const [offered = '', notNow = ''] = prompt(evidence).split('Not now:');
    const inPrompt = [...notNow.matchAll(/^ {2}\[(\w+)\]/gm)].map(([, choice]) => choice);
    expect(inPrompt.join(' ')).toBe(refused);
    const items = assembleChoiceItems(look(evidence));
    const inConsole = items.filter(({ label }) => !label.includes('not now:')).map(({ value }) => value);
    expect([...offered.matchAll(/^ {2}\[(\w+)\]/gm)].map(([, choice]) => choice)).toEqual(inConsole);
  });
});
