/** What is damaged in a directory is told, and stops no more than it has to. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { makeJsonScanner } from '../../../src/platform/exact-json/make-json-scanner.ts';
import { formatRecord } from '../../../src/sources/tau/format-record.ts';
import { parseAnswer, pick, runSalvor } from '../../helpers/salvor.ts';
import { copyTauFixture, type TauFolder, tauCheckpoint, tauState } from '../../helpers/tau-directory.ts';
import { lookAtTauFolder } from '../../helpers/tau-session.ts';

const salvor = (folder: TauFolder, ...args: readonly string[]) => runSalvor(args, { env: folder.env });
const choose = (folder: TauFolder, choice: string) => salvor(folder, '--choice', choice, folder.path, '--json');
const diagnosticsOf = (answer: Readonly<Record<string, unknown>>) => (answer['diagnostics'] as string[]).join('\n');

describe('a recovery report that cannot be used', () => {
  it.each([
    ['torn', '{"schema_version":1,"recovered_at'],
    ['of another version', '{"schema_version":3}'],
    ["another program's", '["not a report"]'],
    ['no UTF-8', '\u{fffd}\ud800'],
  ])('%s: recovery goes on, it is kept under reports/, and named', async (_what, text) => {
    using folder = copyTauFixture('crashed-primary');
    folder.write('recovery-report.json', text);
    const kept = folder.snapshot()['recovery-report.json'];
    const ended = await choose(folder, 'resume');
    expect(ended.code).toBe(0);
    const aside = /kept as (.*\/reports\/unusable-[0-9]+\.json)/.exec(diagnosticsOf(parseAnswer(ended)))?.[1] ?? '';
    expect(folder.snapshot()[aside.slice(folder.path.length + 1)]).toBe(kept);
    expect((await choose(folder, 'cancel')).code).toBe(0);
  });

  it('a directory in its place is moved aside as well, with what is in it', async () => {
    using folder = copyTauFixture('crashed-primary');
    mkdirSync(join(folder.path, 'recovery-report.json'));
    writeFileSync(join(folder.path, 'recovery-report.json', 'precious'), 'x');
    expect((await choose(folder, 'cancel')).code).toBe(0);
    expect(Object.keys(folder.snapshot()).filter((name) => name.endsWith('/precious'))).toHaveLength(1);
  });

  it('the directory where reports are kept cannot be made: exit 3 with the reason, and nothing else is written', async () => {
    using folder = copyTauFixture('crashed-primary');
    folder.write('reports', 'a file');
    const before = folder.snapshot();
    const ended = await choose(folder, 'resume');
    expect(ended.code).toBe(3);
    expect(pick(parseAnswer(ended), 'error.code')).toBe('STATE_UNWRITABLE');
    expect(folder.snapshot()).toEqual(before);
  });
});

describe('a row of the audit log that no strict reader takes', () => {
  it.each([
    ['half a surrogate pair', '{"action":"pa\\ud800use"}', 'pa\u{fffd}use'],
    ['a key that stands twice', '{"action":"pause","action":"pause"}', 'pause'],
    ['a key that stands twice, once escaped', '{"action":"pause","\\u0061ction":"pause"}', 'pause'],
  ])('with %s is a finding, counts, and the report can be read by everybody', async (_what, row, action) => {
    using folder = copyTauFixture('crashed-primary');
    folder.write('control-audit.jsonl', `${row}\n${folder.read('control-audit.jsonl')}`);
    const { findings } = diagnose(await lookAtTauFolder(folder.path));
    expect(findings).toContainEqual(expect.objectContaining({ type: 'audit_row_odd' }));
    const first = await choose(folder, 'resume');
    expect(first.code).toBe(0);
    expect(parseAnswer(first)['replayed_actions']).toEqual([action, 'pause', 'resume']);
    expect(diagnosticsOf(parseAnswer(first))).toContain('audit line 1 is counted as ');
    const bytes = Buffer.from(folder.read('recovery-report.json'));
    const scanner = makeJsonScanner();
    expect([scanner.push(bytes), scanner.end()]).toEqual([true, true]);
    folder.write('control-state.json', tauState('running'));
    expect((await choose(folder, 'resume')).code).toBe(0);
    expect((await choose(folder, 'cancel')).code).toBe(0);
  });

  it('formatRecord: whatever text comes in, the strict reader takes what comes out', () => {
    const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('\ud800', 'x\udfff', '\u0000'));
    fc.assert(
      fc.property(fc.dictionary(text, fc.oneof(text, fc.array(text), fc.double({ noNaN: true }))), (value) => {
        const scanner = makeJsonScanner();
        const keys = Object.keys(value).map((key) => key.toWellFormed());
        fc.pre(new Set(keys).size === keys.length && !keys.includes('__proto__'));
        const bytes = formatRecord(value, 2);
        expect(scanner.push(bytes) && scanner.end()).toBe(true);
      }),
    );
  });
});

describe('an audit log that cannot be read', () => {
  it('a bad line: a cancellation says that its count ends there, in plan, report and on the terminal', async () => {
    using folder = copyTauFixture('audit-damaged');
    const ended = await choose(folder, 'cancel');
    expect(ended.code).toBe(0);
    const report = parseAnswer(ended);
    expect(report).toMatchObject({ replayed_audit_events: 1 });
    expect(diagnosticsOf(report)).toContain('audit line 2 cannot be read');
    expect(diagnosticsOf(report)).toContain('only the 1 rows before it are counted');
    expect(ended.stderr).toContain('only the 1 rows before it are counted');
    expect(pick(report, 'plan.warnings')).toContainEqual(expect.objectContaining({ code: 'AUDIT_SHORT' }));
  });

  it('a directory in its place is a finding', async () => {
    using folder = copyTauFixture('crashed-none');
    const { rmSync } = await import('node:fs');
    rmSync(join(folder.path, 'control-audit.jsonl'));
    mkdirSync(join(folder.path, 'control-audit.jsonl'));
    const { findings, verdict } = diagnose(await lookAtTauFolder(folder.path));
    expect(verdict).toBe('inconsistent');
    expect(findings).toContainEqual(
      expect.objectContaining({ type: 'control_file_bad', file: expect.objectContaining({ what: 'audit_log' }) }),
    );
  });
});

describe('salvor report', () => {
  const TAU_REPORT = `{"schema_version":1,"recovered_at_unix_ms":4000000000000,"principal":"local:tau","crash_detected":true,"prior_lifecycle_state":"running","prior_training_state":null,"replayed_audit_events":1,"replayed_actions":["pause"],"checkpoint_source":"fallback","checkpoint_run_id":"run-77","checkpoint_global_step":18446744073709551615,"checkpoint_optimizer_step":1,"diagnostics":["\\u001b[31mred"]}`;

  it("shows Tau's own when that is the newest, and Salvor's when that is", async () => {
    using folder = copyTauFixture('crashed-primary');
    folder.write('recovery-report.json', TAU_REPORT);
    const id = String(pick(parseAnswer(await salvor(folder, 'list', folder.path, '--json')), 'jobs.0.id'));
    const text = await salvor(folder, 'report', id, folder.path);
    expect(text.code).toBe(0);
    expect(text.stdout).toContain('local:tau');
    expect(text.stdout).toContain('18446744073709551615');
    expect(text.stdout).not.toContain('\u001b');
    expect((await salvor(folder, 'report', id, folder.path, '--json')).stdout).toContain('18446744073709551615');
    folder.write('recovery-report.json', TAU_REPORT.replace('4000000000000', '1000000000000'));
    await choose(folder, 'resume');
    const own = parseAnswer(await salvor(folder, 'report', id, folder.path, '--json'));
    expect(own).toEqual(folder.readJson('recovery-report.json'));
    folder.write('recovery-report.json', '{');
    expect(parseAnswer(await salvor(folder, 'report', id, folder.path, '--json'))).toEqual(own);
  });
});

describe('a disk that takes nothing', () => {
  it('the log of a trainer that cannot be made is exit 3 and says that nothing was started', async () => {
    using folder = copyTauFixture('crashed-primary');
    folder.write('policy-checkpoint.json', tauCheckpoint(900));
    const state = folder.env['XDG_STATE_HOME'] ?? '';
    writeFileSync(state, 'a file');
    chmodSync(state, 0o644);
    const args = ['--choice', 'resume', folder.path, '--exec', 'true', '--json'];
    const ended = await runSalvor(args, { env: folder.env });
    expect(ended.code).toBe(3);
    expect(pick(parseAnswer(ended), 'error.code')).toBe('STATE_UNWRITABLE');
    expect(String(pick(parseAnswer(ended), 'error.message'))).toContain('no trainer was started');
  });
});
