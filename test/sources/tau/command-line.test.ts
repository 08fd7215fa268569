/** Choices for a Tau state directory, on the program itself. */
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAnswer, pick, runSalvor, startSalvor } from '../../helpers/salvor.ts';
import {
  copyTauFixture,
  makeTauFolder,
  type TauFolder,
  tauCheckpoint,
  tauState,
  tauStatus,
} from '../../helpers/tau-directory.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const salvor = (folder: TauFolder, ...args: readonly string[]) => runSalvor(args, { env: folder.env });

describe('salvor --choice on a Tau state directory', () => {
  it('pause prints the line of the format, and with --json its object', async () => {
    using folder = copyTauFixture('crashed-primary');
    const text = await salvor(folder, '--choice', 'pause', folder.path, '--principal', ' local:ana ');
    expect(text.code).toBe(0);
    expect(text.stdout).toMatch(
      /^prompt optimization lifecycle control: action=pause principal=local:ana lifecycle_state=paused .*\n$/,
    );
    expect(text.stdout).toContain(' training_run_state=missing idempotent=false rollback_checkpoint=none ');
    const json = await salvor(folder, '--choice', 'pause', folder.path, '--json');
    expect(parseAnswer(json)).toMatchObject({ action: 'pause', idempotent: true, training_status: null });
  });

  it('rollback to a path restores it and prints the object of the format', async () => {
    using folder = copyTauFixture('crashed-primary');
    const path = join(folder.path, 'policy-checkpoint.rollback.json');
    const ended = await salvor(folder, '--choice', 'rollback', folder.path, '--checkpoint', path, '--json');
    expect(ended.code).toBe(0);
    expect(parseAnswer(ended)).toMatchObject({
      action: 'rollback',
      rollback_checkpoint: path,
      checkpoint_run_id: 'run-77',
      control_state: { lifecycle_state: 'rollback_requested', rollback_checkpoint: path },
    });
    expect(folder.read('policy-checkpoint.json')).toBe(readFileSync(path, 'utf8'));
  });

  it.each([
    [['--choice', 'rollback']],
    [['--choice', 'resume', '--checkpoint', 'primary']],
    [['--choice', 'cancel', '--exec', 'true']],
  ])('%j is a usage error', async (args) => {
    using folder = copyTauFixture('crashed-primary');
    const ended = await salvor(folder, ...args, folder.path);
    expect(ended.code).toBe(2);
  });

  it('a job that ended can still be paused, cancelled and resumed, as the format allows every action', async () => {
    using folder = copyTauFixture('ended');
    for (const choice of ['resume', 'pause', 'cancel', 'resume']) {
      expect((await salvor(folder, '--choice', choice, folder.path, '--json')).code).toBe(0);
    }
    expect(
      folder
        .rows()
        .slice(2)
        .map((row) => row['lifecycle_state']),
    ).toEqual(['running', 'paused', 'cancelled', 'running']);
  });

  it('the policy that the project keeps decides, and denies before anything is read or written', async () => {
    using folder = copyTauFixture('state-torn');
    const { mkdirSync } = await import('node:fs');
    const policy = join(dirname(folder.path), 'security', 'rbac.json');
    mkdirSync(dirname(policy));
    writeFileSync(policy, '{"team_mode":true,"bindings":[],"roles":{}}');
    const ended = await salvor(folder, '--choice', 'cancel', folder.path, '--principal', 'local:eve', '--json');
    expect(ended.code).toBe(3);
    expect(pick(parseAnswer(ended), 'error.code')).toBe('ACCESS_DENIED');
    expect(pick(parseAnswer(ended), 'error.details.reason_code')).toBe('deny_unbound_principal');
    writeFileSync(policy, '{"team_mode":"yes"}');
    const broken = await salvor(folder, '--choice', 'cancel', folder.path, '--json');
    expect(pick(parseAnswer(broken), 'error.code')).toBe('POLICY_INVALID');
  });

  it('without a command the report says that nothing was started; resume_command of the configuration starts it', async () => {
    using folder = copyTauFixture('crashed-primary');
    const codes = (answer: Readonly<Record<string, unknown>>) =>
      (pick(answer, 'plan.warnings') as readonly { readonly code: string }[]).map(({ code }) => code);
    expect(codes(parseAnswer(await salvor(folder, '--choice', 'resume', folder.path, '--json')))).toContain(
      'NOTHING_STARTED',
    );
    const config = join(dirname(folder.path), 'salvor.yaml');
    writeFileSync(config, 'resume_command: echo "$SALVOR_CHECKPOINT_SOURCE $SALVOR_STATE_DIR"\n');
    const ended = await salvor(folder, '--choice', 'resume', folder.path, '--config', config, '--json');
    const report = parseAnswer(ended);
    expect(codes(report)).not.toContain('NOTHING_STARTED');
    expect(report['outcome']).toMatchObject({ status: 'recovered', exit_code: 0 });
    const diagnostics = report['diagnostics'] as readonly string[];
    const log = /its output is in (.*)$/.exec(diagnostics.at(-1) ?? '')?.[1] ?? '';
    expect(readFileSync(log, 'utf8')).toBe(`primary ${folder.path}\n`);
  });

  it('a trainer that is stopped with Salvor is left resumable: 143', async () => {
    using folder = copyTauFixture('crashed-primary');
    const flag = join(dirname(folder.path), 'started');
    const command = `touch '${flag}'; exec sleep 600`;
    await using running = startSalvor(['--choice', 'resume', folder.path, '--exec', command, '--json'], {
      env: folder.env,
    });
    const { existsSync } = await import('node:fs');
    await waitFor('the trainer runs', () => existsSync(flag));
    running.signal('SIGTERM');
    const ended = await running.ended;
    expect(ended.code).toBe(143);
    expect(parseAnswer(ended)['outcome']).toMatchObject({ status: 'stopped', exit_code: 143 });
  });

  it('of several at once each either acts, or is told that somebody else did, and every row is whole', async () => {
    using folder = copyTauFixture('crashed-primary');
    const all = await Promise.all(
      Array.from({ length: 4 }, () => salvor(folder, '--choice', 'resume', folder.path, '--json')),
    );
    const codes = all.map(({ code }) => code);
    const won = codes.filter((code) => code === 0).length;
    expect(won).toBeGreaterThan(0);
    expect(codes.every((code) => code === 0 || code === 6)).toBe(true);
    expect(folder.rows()).toHaveLength(2 + won);
  });

  it('a directory without a control state is no crash: --all leaves it alone, and naming it resumes it', async () => {
    using folder = makeTauFolder({
      'policy-checkpoint.json': tauCheckpoint(900),
      'policy-checkpoint.rollback.json': tauCheckpoint(800),
    });
    const before = folder.snapshot();
    const all = await salvor(folder, '--choice', 'resume', '--all', folder.path, '--json');
    expect([all.code, pick(parseAnswer(all), 'error.code')]).toEqual([4, 'NOTHING_TO_RECOVER']);
    expect(folder.snapshot()).toEqual(before);
    expect(parseAnswer(await salvor(folder, 'list', folder.path, '--json'))).toMatchObject({ total: 0 });
    const listed = parseAnswer(await salvor(folder, 'list', '--all', folder.path, '--json'));
    expect(listed).toMatchObject({ jobs: [{ verdict: 'unknown', attention: 'unknown', recommended: null }] });
    const shown = await salvor(folder, 'show', folder.path);
    expect(shown.stdout).not.toContain('interrupted');
    expect(shown.stdout).toMatch(
      /primary: global step 900 of run run-77, .*\n {2}fallback: global step 800 of run run-77, /,
    );
    expect((await salvor(folder, '--choice', 'resume', folder.path)).code).toBe(0);
    expect(folder.rows()).toMatchObject([{ action: 'resume' }]);
  });

  it('show, audit and report know the job', async () => {
    using folder = copyTauFixture('torn-audit');
    const listed = parseAnswer(await salvor(folder, 'list', folder.path, '--json'));
    const id = String(pick(listed, 'jobs.0.id'));
    const shown = await salvor(folder, 'show', id, folder.path);
    expect(shown.stdout).toContain('was interrupted at step 900.');
    expect(shown.stdout).toContain('training of run run-77 goes on from global step 900');
    expect(shown.stdout).not.toContain('[restart]');
    const audit = await salvor(folder, 'audit', id, folder.path);
    expect(audit.stdout).toContain('The replay yields 2 actions: 1 pause, 1 resume; line 3 at byte');
    expect((await salvor(folder, 'report', id, folder.path)).code).toBe(4);
    await salvor(folder, '--choice', 'resume', folder.path);
    expect((await salvor(folder, 'report', id, folder.path)).stdout).toContain('crash         detected');
  });

  it('a directory of no known kind is told with what was looked for', async () => {
    using folder = makeTauFolder({
      'control-state.json': '{"mode":"paused"}',
      'status.json': tauStatus('x').slice(0, 3),
    });
    const ended = await salvor(folder, 'list', folder.path);
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('a Tau state directory');
    folder.write('control-state.json', tauState('running'));
    expect((await salvor(folder, 'list', folder.path)).code).toBe(0);
  });
});
