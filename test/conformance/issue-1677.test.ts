/** The conformance cases of seed 000, each by its name, on the program itself. */
import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { copyTauFixture } from '../helpers/tau-directory.ts';

const resume = (folder: { readonly path: string; readonly env: Readonly<Record<string, string>> }) =>
  runSalvor(['--choice', 'resume', folder.path, '--json'], { env: folder.env });

describe('seed 000', () => {
  it('C-01: a resume of an interrupted running state marks the crash and replays the audit rows', async () => {
    using one = copyTauFixture('crashed-primary');
    using two = copyTauFixture('crashed-primary');
    const replays = [];
    for (const folder of [one, two]) {
      const ended = await resume(folder);
      const { crash_detected, prior_lifecycle_state, replayed_audit_events, replayed_actions } = parseAnswer(ended);
      expect(ended.code).toBe(0);
      replays.push({ crash_detected, prior_lifecycle_state, replayed_audit_events, replayed_actions });
    }
    expect(replays[0]).toEqual({
      crash_detected: true,
      prior_lifecycle_state: 'running',
      replayed_audit_events: 2,
      replayed_actions: ['pause', 'resume'],
    });
    expect(replays[1]).toEqual(replays[0]);
    expect(one.rows().map((row) => row['action'])).toEqual(['pause', 'resume', 'resume']);
    expect(one.rows()[2]).toMatchObject({
      action_key: 'control:rl:resume',
      lifecycle_state: 'running',
      recovery_checkpoint_source: 'primary',
      idempotent: true,
    });
  });

  it('C-02: a valid primary is the source, with its metadata', async () => {
    using folder = copyTauFixture('crashed-primary');
    const ended = await resume(folder);
    expect(ended.code).toBe(0);
    expect(parseAnswer(ended)).toMatchObject({
      checkpoint_source: 'primary',
      checkpoint_path: `${folder.path}/policy-checkpoint.json`,
      checkpoint_run_id: 'run-77',
      checkpoint_global_step: 900,
      checkpoint_optimizer_step: 450,
      diagnostics: [],
    });
  });

  it('C-03: a corrupted primary with a valid fallback falls back, and says why', async () => {
    using folder = copyTauFixture('crashed-fallback');
    const ended = await resume(folder);
    expect(ended.code).toBe(0);
    const report = parseAnswer(ended);
    expect(report).toMatchObject({ checkpoint_source: 'fallback', checkpoint_global_step: 800 });
    const diagnostics = report['diagnostics'] as readonly string[];
    expect(diagnostics).toHaveLength(1);
    expect(diagnostics[0]).toContain('primary checkpoint load failed: ');
    expect(diagnostics[0]).toContain('at byte 150');
    expect(folder.rows().at(-1)).toMatchObject({ recovery_checkpoint_source: 'fallback' });
  });

  it('C-04: a crash without a checkpoint to load is refused by the guardrail, and nothing is changed', async () => {
    using clean = copyTauFixture('crashed-none');
    const before = clean.snapshot();
    const ended = await resume(clean);
    expect(ended.code).toBe(3);
    const answer = parseAnswer(ended);
    expect(pick(answer, 'error.code')).toBe('CHECKPOINT_NONE_VALID');
    const message = String(pick(answer, 'error.message'));
    expect(message).toContain('resume recovery guardrail');
    expect(message).toContain('crash detected but checkpoint restore failed');
    expect(message).toContain(`primary='${clean.path}/policy-checkpoint.json'`);
    expect(message).toContain(`fallback='${clean.path}/policy-checkpoint.rollback.json'`);
    expect(message).toContain('primary checkpoint load failed');
    expect(message).toContain('fallback checkpoint load failed');
    expect(clean.snapshot()).toEqual(before);
  });

  it('C-05: the report is on disk with every field, and the runbook has the steps', async () => {
    using folder = copyTauFixture('crashed-fallback');
    const ended = await resume(folder);
    const report = folder.readJson('recovery-report.json');
    expect(report).toEqual(parseAnswer(ended));
    expect(folder.read('recovery-report.json').endsWith('}')).toBe(true);
    expect(Object.keys(report)).toEqual(
      expect.arrayContaining([
        'schema_version',
        'recovered_at_unix_ms',
        'principal',
        'crash_detected',
        'prior_lifecycle_state',
        'prior_training_state',
        'replayed_audit_events',
        'replayed_actions',
        'checkpoint_source',
        'checkpoint_run_id',
        'checkpoint_global_step',
        'checkpoint_optimizer_step',
        'diagnostics',
      ]),
    );
    expect(existsSync(`${folder.path}/reports/${String(report['report_id'])}.json`)).toBe(true);
    const runbook = readFileSync(new URL('../../docs/runbook.md', import.meta.url), 'utf8');
    for (const step of ['--choice resume', '--choice rollback', '--choice cancel', 'recovery-report.json']) {
      expect(runbook).toContain(step);
    }
  });
});
