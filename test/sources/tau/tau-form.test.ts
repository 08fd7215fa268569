/** What users of Tau know: its line, its object, its way of making a directory, and a way out of a torn state. */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAnswer, pick, runSalvor } from '../../helpers/salvor.ts';
import { copyTauFixture, makeTauFolder, type TauFolder, tauState, tauStatus } from '../../helpers/tau-directory.ts';

const salvor = (folder: TauFolder, ...args: readonly string[]) => runSalvor(args, { env: folder.env });

const OBJECT_KEYS = [
  'schema_version',
  'state_dir',
  'control_state_path',
  'control_audit_path',
  'action',
  'principal',
  'idempotent',
  'rollback_checkpoint',
  'checkpoint_run_id',
  'recovery_report_path',
  'recovery_checkpoint_source',
  'recovery_crash_detected',
  'recovery_replayed_audit_events',
  'control_state',
  'training_status',
];

const LINE_KEYS =
  'action principal lifecycle_state training_run_state idempotent rollback_checkpoint checkpoint_run_id recovery_report recovery_checkpoint_source recovery_crash_detected recovery_replayed_audit_events state_dir state_file audit_file'.split(
    ' ',
  );

const lineKeys = (line: string) =>
  line
    .replace('prompt optimization lifecycle control: ', '')
    .split(' ')
    .map((pair) => pair.split('=')[0]);

describe('salvor status', () => {
  it("prints Tau's line, key for key and in its order, and changes nothing", async () => {
    using folder = copyTauFixture('crashed-primary');
    const before = folder.snapshot();
    const ended = await salvor(folder, 'status', folder.path, '--principal', 'local:ana');
    expect(ended.code).toBe(0);
    const [line = '', ...rest] = ended.stdout.trimEnd().split('\n');
    expect(rest).toEqual([]);
    expect(lineKeys(line)).toEqual(LINE_KEYS);
    expect(line).toMatch(
      /^prompt optimization lifecycle control: action=status principal=local:ana lifecycle_state=running training_run_state=missing idempotent=n\/a rollback_checkpoint=none checkpoint_run_id=none recovery_report=none recovery_checkpoint_source=none recovery_crash_detected=n\/a recovery_replayed_audit_events=n\/a state_dir=/,
    );
    expect(folder.snapshot()).toEqual(before);
  });

  it('with --json its object, pretty, with the fields of the last report', async () => {
    using folder = copyTauFixture('ended');
    await salvor(folder, '--choice', 'resume', folder.path);
    const ended = await salvor(folder, 'status', folder.path, '--json');
    const answer = JSON.parse(ended.stdout) as Record<string, unknown>;
    expect(Object.keys(answer)).toEqual(OBJECT_KEYS);
    expect(ended.stdout.startsWith('{\n  "schema_version": 1,\n')).toBe(true);
    expect(answer).toMatchObject({
      action: 'status',
      idempotent: null,
      recovery_crash_detected: false,
      recovery_replayed_audit_events: 2,
      recovery_report_path: join(folder.path, 'recovery-report.json'),
      training_status: { run_state: 'completed' },
    });
  });

  it('a directory that is not there, or of another kind, is exit 2, and a torn control state exit 3', async () => {
    using folder = copyTauFixture('state-torn');
    expect((await salvor(folder, 'status', join(folder.path, 'nothing'))).code).toBe(2);
    expect((await salvor(folder, 'status', dirname(folder.path))).code).toBe(2);
    expect((await salvor(folder, 'status', folder.path)).code).toBe(3);
  });
});

describe('what resume and cancel answer', () => {
  it.each(['resume', 'cancel'] as const)(
    "%s: the report has the keys of Tau's object, and the line comes first",
    async (choice) => {
      using folder = copyTauFixture('crashed-primary');
      folder.write('status.json', tauStatus('running'));
      const report = parseAnswer(await salvor(folder, '--choice', choice, folder.path, '--json'));
      expect(Object.keys(report).slice(0, OBJECT_KEYS.length)).toEqual(OBJECT_KEYS);
      expect(report).toMatchObject({
        action: choice,
        choice,
        state_dir: folder.path,
        control_state: { last_action: choice },
        training_status: { run_state: 'running' },
        ...(choice === 'resume' && { recovery_checkpoint_source: 'primary', recovery_crash_detected: true }),
      });
      expect(folder.readJson('recovery-report.json')).toEqual(report);
      const text = await salvor(folder, '--choice', choice, folder.path);
      expect(lineKeys(text.stdout.split('\n')[0] ?? '')).toEqual(LINE_KEYS);
      expect(text.stdout).toContain('Report: ');
    },
  );
});

describe('a directory that is not there', () => {
  it.each(['pause', 'resume'])('%s makes it when --source tau says what it is, and only then', async (choice) => {
    using folder = makeTauFolder();
    const path = join(dirname(folder.path), 'project', '.tau', 'training');
    expect((await salvor(folder, '--choice', choice, path)).code).toBe(2);
    expect((await salvor(folder, '--choice', 'cancel', path, '--source', 'tau')).code).toBe(2);
    expect((await salvor(folder, 'list', path, '--source', 'tau')).code).toBe(2);
    expect((await salvor(folder, '--choice', choice, path, '--source', 'tau', '--dry-run')).code).toBe(0);
    expect(existsSync(path)).toBe(false);
    const made = await salvor(folder, '--choice', choice, path, '--source', 'tau', '--json');
    expect(made.code).toBe(0);
    expect(pick(parseAnswer(made), 'control_state.last_action')).toBe(choice);
    expect(existsSync(join(path, 'control-state.json'))).toBe(true);
  });
});

describe('a job named by its directory', () => {
  it('show, audit and report take the directory alone', async () => {
    using folder = copyTauFixture('crashed-primary');
    await salvor(folder, '--choice', 'resume', folder.path);
    expect((await salvor(folder, 'show', folder.path)).stdout).toContain("Job 'training'");
    expect((await salvor(folder, 'audit', folder.path)).stdout).toContain('resume');
    expect((await salvor(folder, 'report', folder.path)).stdout).toContain('crash         detected');
  });
});

describe('salvor repair', () => {
  it('a torn control state is set aside with consent, kept, audited, and cancel works again', async () => {
    using folder = copyTauFixture('state-torn');
    const torn = folder.read('control-state.json');
    const cancel = () => salvor(folder, '--choice', 'cancel', folder.path, '--json');
    expect((await cancel()).code).toBe(3);
    const before = folder.snapshot();
    expect((await salvor(folder, 'repair', folder.path, '--json')).code).toBe(7);
    expect((await salvor(folder, 'repair', folder.path, '--yes')).code).toBe(2);
    expect((await salvor(folder, 'repair', folder.path, '--yes', '--reason', 'x', '--read-only')).code).toBe(3);
    expect(folder.snapshot()).toEqual(before);
    const repaired = await salvor(folder, 'repair', folder.path, '--yes', '--reason', 'power cut', '--json');
    expect(repaired.code).toBe(0);
    const keptAs = String(pick(parseAnswer(repaired), 'set_aside.0.kept_as'));
    expect(keptAs).toMatch(/control-state\.json\.damaged-\d{8}T\d+Z$/);
    expect(folder.read(keptAs.slice(folder.path.length + 1))).toBe(torn);
    expect(folder.rows().at(-1)).toMatchObject({ action: 'repair', salvor_reason: 'power cut' });
    expect((await cancel()).code).toBe(0);
    expect((await salvor(folder, 'repair', folder.path, '--yes', '--reason', 'again')).code).toBe(4);
  });

  it('of a control state says before and after what it costs, and the job stays on the list until somebody acts', async () => {
    using folder = copyTauFixture('state-torn');
    const told = /then the control state counts as never recorded, .* rolled back to a checkpoint/;
    const asked = await salvor(folder, 'repair', folder.path, '--json');
    expect(asked.stderr).toMatch(told);
    expect(pick(parseAnswer(asked), 'error.message')).toContain('would count as never recorded');
    const repaired = await salvor(folder, 'repair', folder.path, '--yes', '--reason', 'x');
    expect(repaired.stderr).toMatch(told);
    expect(repaired.stdout).toMatch(/now the control state counts as never recorded, .* rolled back to a checkpoint/);
    const list = async () => parseAnswer(await salvor(folder, 'list', folder.path, '--json'));
    expect(await list()).toMatchObject({ total: 1, jobs: [{ verdict: 'unknown', recommended: null }] });
    expect((await salvor(folder, 'show', folder.path)).stdout).toMatch(
      /set aside at .* as .*\.damaged-.*roll back to a/,
    );
    const all = await salvor(folder, '--choice', 'resume', '--all', folder.path, '--json');
    expect([all.code, pick(parseAnswer(all), 'error.code')]).toEqual([4, 'NOTHING_TO_RECOVER']);
    const planned = await salvor(folder, '--choice', 'resume', folder.path, '--dry-run');
    expect(planned.stdout).toContain('nobody can tell whether the run crashed');
    const kept = Object.keys(folder.snapshot()).find((name) => name.includes('.damaged-')) ?? '';
    const { rmSync } = await import('node:fs');
    rmSync(join(folder.path, kept));
    expect(await list()).toMatchObject({ total: 1 });
    expect((await salvor(folder, '--choice', 'rollback', folder.path, '--checkpoint', 'primary')).code).toBe(0);
    expect(await list()).toMatchObject({ total: 1, jobs: [{ verdict: 'interrupted', recommended: 'resume' }] });
    expect((await salvor(folder, 'show', folder.path)).stdout).not.toContain('nobody can tell');
  });

  it('after the repair of a state no resume goes on without a checkpoint that loads', async () => {
    using folder = makeTauFolder({ 'control-state.json': '{"lifecycle_state":', 'policy-checkpoint.json': '{' });
    expect((await salvor(folder, 'repair', folder.path, '--yes', '--reason', 'x')).code).toBe(0);
    const refused = await salvor(folder, '--choice', 'resume', folder.path, '--json');
    expect(pick(parseAnswer(refused), 'error.code')).toBe('CHECKPOINT_NONE_VALID');
  });

  it('of an audit log the lines that can be read stay, and one that cannot be read at all goes aside whole', async () => {
    using folder = copyTauFixture('audit-damaged');
    const log = folder.read('control-audit.jsonl');
    const repair = () => salvor(folder, 'repair', folder.path, '--yes', '--reason', 'x');
    expect((await repair()).code).toBe(0);
    expect(folder.rows().map((row) => row['action'])).toEqual(['pause', 'resume', 'repair']);
    expect(Object.values(folder.snapshot())).toContain(log);
    expect((await salvor(folder, '--choice', 'resume', folder.path)).code).toBe(0);
    const { renameSync } = await import('node:fs');
    renameSync(join(folder.path, 'control-audit.jsonl'), join(folder.path, 'elsewhere'));
    mkdirSync(join(folder.path, 'control-audit.jsonl'));
    expect((await salvor(folder, '--choice', 'cancel', folder.path)).code).toBe(3);
    expect((await repair()).code).toBe(0);
    expect((await salvor(folder, '--choice', 'cancel', folder.path)).code).toBe(0);
  });

  it('a status that is torn no longer keeps a job from being cancelled', async () => {
    using folder = makeTauFolder({ 'control-state.json': tauState('running'), 'status.json': '{"run_state"' });
    expect((await salvor(folder, '--choice', 'cancel', folder.path)).code).toBe(3);
    expect((await salvor(folder, 'repair', folder.path, '--yes', '--reason', 'x')).code).toBe(0);
    expect((await salvor(folder, '--choice', 'cancel', folder.path)).code).toBe(0);
  });
});
