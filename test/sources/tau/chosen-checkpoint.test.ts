/** Which checkpoint a resume goes on from: the operator's word, then what was saved last. */
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import type { ActingChoice } from '../../../src/core/job/schema.ts';
import type { RecoveryReport } from '../../../src/core/report/schema.ts';
import { parseAnswer, runSalvor } from '../../helpers/salvor.ts';
import { makeTauFolder, type TauFolder, tauCheckpoint, tauState } from '../../helpers/tau-directory.ts';
import { actOnTauFolder, lookAtTauFolder, type TauRun } from '../../helpers/tau-session.ts';

/** The clock of these tests begins in 2026; what was saved in 2025 is from before every rollback of Salvor's. */
const [EARLY, LATE, AFTER] = [1_763_990_000, 1_763_999_000, 1_900_000_000];
const [PRIMARY, FALLBACK] = ['policy-checkpoint.json', 'policy-checkpoint.rollback.json'];

const at100 = tauCheckpoint(100, 'run-77', EARLY);
const at200 = tauCheckpoint(200, 'run-77', LATE);

async function act(folder: TauFolder, choice: ActingChoice, run: TauRun = {}): Promise<RecoveryReport> {
  const state = await actOnTauFolder(folder.path, choice, run);
  if (state.stage !== 'reported') throw state.stage === 'refused' ? state.error : new Error(state.stage);
  return state.report;
}

async function refuse(folder: TauFolder, choice: ActingChoice, run: TauRun = {}) {
  const state = await actOnTauFolder(folder.path, choice, run);
  if (state.stage !== 'refused') throw new Error(`the session is ${state.stage}`);
  return state.error;
}

/** The trainer's own end: it crashed, and nothing says so. */
const crash = (folder: TauFolder) => folder.write('control-state.json', tauState('running'));

const tauRollback = (path: string) =>
  tauState('rollback_requested', { last_action: 'rollback', rollback_checkpoint: path });

const tauRow = (action: string, path: string | null = null) =>
  `${JSON.stringify({ schema_version: 1, timestamp_unix_ms: 1_764_000_000_123, principal: 'local:ana', action, rollback_checkpoint: path })}\n`;

describe('a checkpoint that an operator chose', () => {
  it('a rollback to the primary holds although the fallback is newer, and the fallback is kept', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), [PRIMARY]: at100, [FALLBACK]: at200 });
    await act(folder, 'rollback', { checkpoint: 'primary' });
    const seen = join(dirname(folder.path), 'seen');
    const report = await act(folder, 'resume', {
      command: `printf '%s %s' "$SALVOR_CHECKPOINT_SOURCE" "$SALVOR_CHECKPOINT_GLOBAL_STEP" > '${seen}'`,
    });
    expect(report).toMatchObject({ checkpoint_source: 'primary', checkpoint_global_step: 100 });
    expect(report.diagnostics.join('\n')).toMatch(/the rollback of .* chose .*: global_step 100/);
    expect(readFileSync(seen, 'utf8')).toBe('primary 100');
    expect(Object.values(folder.snapshot())).toContain(at200);
    crash(folder);
    expect(await act(folder, 'resume')).toMatchObject({ crash_detected: true, checkpoint_global_step: 100 });
  });

  it('a rollback that another program recorded is carried out by resume, and what it overrules is told', async () => {
    using folder = makeTauFolder({ [PRIMARY]: at200, [FALLBACK]: at100 });
    folder.write('control-state.json', tauRollback(join(folder.path, FALLBACK)));
    const { findings } = diagnose(await lookAtTauFolder(folder.path));
    const told = findings.flatMap((finding) => (finding.type === 'checkpoint_choice' ? [finding.detail] : []));
    expect(told.join('\n')).toContain('the primary checkpoint (global_step 200');
    expect(told.join('\n')).toContain('is from before that rollback and does not count');
    const report = await act(folder, 'resume');
    expect(report).toMatchObject({ checkpoint_source: 'primary', checkpoint_global_step: 100 });
    expect(report.plan.steps.map(({ action }) => action)).toContain('restore_checkpoint');
    expect(folder.read(PRIMARY)).toBe(at100);
    expect(Object.values(folder.snapshot())).toContain(at200);
  });

  it.each(['pause', 'cancel'] as const)('%s does not forget it', async (choice) => {
    using folder = makeTauFolder({ [PRIMARY]: at200, [FALLBACK]: at100 });
    folder.write('control-state.json', tauRollback(FALLBACK));
    await act(folder, choice);
    expect(await act(folder, 'resume')).toMatchObject({ checkpoint_global_step: 100 });
  });

  it('it is found in the audit log after another program erased it from the state', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), [PRIMARY]: at200, [FALLBACK]: at100 });
    folder.write('control-audit.jsonl', tauRow('rollback', join(folder.path, FALLBACK)) + tauRow('resume'));
    expect(await act(folder, 'resume')).toMatchObject({ crash_detected: true, checkpoint_global_step: 100 });
  });

  it('training overrules it with a checkpoint that it saved after the rollback', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), [PRIMARY]: at200, [FALLBACK]: at100 });
    await act(folder, 'rollback', { checkpoint: 'fallback' });
    crash(folder);
    folder.write(PRIMARY, tauCheckpoint(150, 'run-77', AFTER));
    expect(await act(folder, 'resume')).toMatchObject({ checkpoint_source: 'primary', checkpoint_global_step: 150 });
  });

  it('a newer checkpoint of training that is damaged gives the word back to the chosen one', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), [PRIMARY]: at200, [FALLBACK]: at100 });
    await act(folder, 'rollback', { checkpoint: 'fallback' });
    crash(folder);
    folder.write(PRIMARY, tauCheckpoint(150, 'run-77', AFTER).slice(0, 60));
    const report = await act(folder, 'resume');
    expect(report).toMatchObject({ checkpoint_source: 'fallback', checkpoint_global_step: 100 });
    expect(report.diagnostics[0]).toContain('primary checkpoint load failed');
  });

  it.each([
    ['is gone', undefined, 'CHECKPOINT_MISSING'],
    ['is damaged', '{"checkpoint_version":1', 'CHECKPOINT_INVALID'],
    [
      'has another version',
      at100.replace('"checkpoint_version":1', '"checkpoint_version":2'),
      'CHECKPOINT_VERSION_UNSUPPORTED',
    ],
  ])('one that %s refuses the resume, naming the others, and nothing is changed', async (_what, text, code) => {
    using folder = makeTauFolder({ [PRIMARY]: at200 });
    folder.write('control-state.json', tauRollback(join(folder.path, 'kept.json')));
    if (text !== undefined) folder.write('kept.json', text);
    const before = folder.snapshot();
    const error = await refuse(folder, 'resume');
    expect(error.code).toBe(code);
    expect(error.message).toContain(join(folder.path, 'kept.json'));
    expect(error.message).toContain(`primary ${join(folder.path, PRIMARY)} can be loaded: global_step 200`);
    expect(folder.snapshot()).toEqual(before);
    expect(await act(folder, 'rollback', { checkpoint: 'primary' })).toMatchObject({ choice: 'rollback' });
    expect(await act(folder, 'resume')).toMatchObject({ checkpoint_global_step: 200 });
  });
});

describe('a trainer that goes back', () => {
  it('what it saved last is taken, and the step that went back is a finding and in the report', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running') });
    folder.write(FALLBACK, tauCheckpoint(900, 'run-77', EARLY));
    folder.write(PRIMARY, tauCheckpoint(500, 'run-77', LATE));
    const { findings } = diagnose(await lookAtTauFolder(folder.path));
    expect(findings).toContainEqual(
      expect.objectContaining({ type: 'checkpoint_choice', detail: expect.stringContaining('training went back') }),
    );
    const report = await act(folder, 'resume');
    expect(report).toMatchObject({ checkpoint_source: 'primary', checkpoint_global_step: 500 });
    expect(report.diagnostics).toEqual([expect.stringContaining('training went back')]);
  });
});

describe('a save that was cut short before its rename', () => {
  it('the whole file it left is made the primary, and loses nothing that was saved', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), [FALLBACK]: at100 });
    folder.write('policy-checkpoint.json.tmp.4711', at200);
    const report = await act(folder, 'resume');
    expect(report).toMatchObject({
      checkpoint_source: 'primary',
      checkpoint_path: join(folder.path, PRIMARY),
      checkpoint_global_step: 200,
    });
    expect(report.diagnostics.join('\n')).toContain('policy-checkpoint.json.tmp.4711 is whole');
    expect(folder.read(PRIMARY)).toBe(at200);
    expect(folder.read(FALLBACK)).toBe(at100);
  });

  it('a file that is not whole, or older than the primary, is left alone', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), [PRIMARY]: at200 });
    folder.write('policy-checkpoint.json.tmp.4711', at100);
    folder.write('policy-checkpoint.json.tmp.4712', tauCheckpoint(300, 'run-77', AFTER).slice(0, 80));
    const report = await act(folder, 'resume');
    expect(report).toMatchObject({ checkpoint_source: 'primary', checkpoint_global_step: 200, diagnostics: [] });
  });
});

describe('a resume without a crash', () => {
  it('a bad primary is told and the fallback taken, as after a crash', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('paused'), [PRIMARY]: 'torn', [FALLBACK]: at100 });
    const report = await act(folder, 'resume');
    expect(report).toMatchObject({ crash_detected: false, checkpoint_source: 'fallback', checkpoint_global_step: 100 });
    expect(report.diagnostics[0]).toMatch(/^resume recovery: no crash-detected state; .* fallback/);
    expect(report.diagnostics[1]).toContain('primary checkpoint load failed');
    expect(folder.rows().at(-1)).toMatchObject({ recovery_checkpoint_source: 'fallback' });
  });

  it('with both bad a trainer is not started from nothing: refused, and nothing is changed', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('paused'), [PRIMARY]: 'torn', [FALLBACK]: '{}' });
    const before = folder.snapshot();
    const started = join(dirname(folder.path), 'started');
    const args = ['--choice', 'resume', folder.path, '--exec', `touch '${started}'`, '--json'];
    const ended = await runSalvor(args, { env: folder.env });
    expect(ended.code).toBe(3);
    expect(parseAnswer(ended)['error']).toMatchObject({ code: 'CHECKPOINT_NONE_VALID' });
    expect(ended.stdout).toContain('the trainer would begin from nothing');
    expect(folder.snapshot()).toEqual(before);
    expect(() => readFileSync(started)).toThrow();
  });

  it('with both bad and nothing to start it is recorded, and both reasons are in the report', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('paused'), [PRIMARY]: 'torn', [FALLBACK]: '{}' });
    const { diagnostics } = await act(folder, 'resume');
    expect(diagnostics.join('\n')).toContain('primary checkpoint load failed');
    expect(diagnostics.join('\n')).toContain('fallback checkpoint load failed');
  });

  it('where no checkpoint ever was a trainer begins', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('paused') });
    expect(await act(folder, 'resume', { command: 'true' })).toMatchObject({ outcome: { exit_code: 0 } });
  });
});
