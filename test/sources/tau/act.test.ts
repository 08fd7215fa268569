import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { diagnose } from '../../../src/core/families/diagnose.ts';
import { controlOf } from '../../../src/core/families/training-control/control-of.ts';
import { parseAccessPolicy } from '../../../src/core/plan/parse-access-policy.ts';
import type { SessionState } from '../../../src/core/session/schema.ts';
import { PROGRAM } from '../../helpers/salvor.ts';
import { copyTauFixture, makeTauFolder, tauCheckpoint, tauState, tauStatus } from '../../helpers/tau-directory.ts';
import { actOnTauFolder, lookAtTauFolder } from '../../helpers/tau-session.ts';

function reported(state: SessionState) {
  if (state.stage === 'refused') throw state.error;
  if (state.stage !== 'reported') throw new Error(`the session is ${state.stage}`);
  return state;
}

function refused(state: SessionState) {
  if (state.stage !== 'refused') throw new Error(`the session is ${state.stage}`);
  return state.error;
}

describe('acting on a Tau state directory', () => {
  it('report, control state and audit row of a resume carry one id, one time and one principal', async () => {
    using folder = copyTauFixture('crashed-primary');
    const { report } = reported(await actOnTauFolder(folder.path, 'resume'));
    const state = folder.readJson('control-state.json');
    const row = folder.rows().at(-1);
    expect(state).toMatchObject({ salvor_action_id: report.report_id, updated_unix_ms: report.recovered_at_unix_ms });
    expect(row).toMatchObject({ salvor_action_id: report.report_id, timestamp_unix_ms: report.recovered_at_unix_ms });
    expect([state['principal'], row?.['principal']]).toEqual(['local:test', 'local:test']);
    expect(controlOf(await lookAtTauFolder(folder.path)).unfinished).toBeUndefined();
  });

  it('pause is recorded and answers in the shape of the format, and again is idempotent and recorded again', async () => {
    using folder = copyTauFixture('crashed-primary');
    const { foreign } = reported(await actOnTauFolder(folder.path, 'pause'));
    expect(foreign?.value).toMatchObject({
      schema_version: 1,
      state_dir: folder.path,
      action: 'pause',
      idempotent: false,
      rollback_checkpoint: null,
      recovery_report_path: null,
      control_state: { lifecycle_state: 'paused', last_action: 'pause' },
      training_status: null,
    });
    expect(reported(await actOnTauFolder(folder.path, 'pause')).foreign?.value).toMatchObject({ idempotent: true });
    expect(folder.rows().map((row) => [row['action'], row['idempotent']])).toEqual([
      ['pause', false],
      ['resume', false],
      ['pause', false],
      ['pause', true],
    ]);
    expect(Object.keys(folder.snapshot())).not.toContain('recovery-report.json');
  });

  it('a first resume of an empty directory succeeds, and the next one is a crash without a checkpoint', async () => {
    using folder = makeTauFolder();
    const first = reported(await actOnTauFolder(folder.path, 'resume'));
    expect(first.report).toMatchObject({ crash_detected: false, prior_lifecycle_state: 'missing' });
    expect(folder.rows()[0]).toMatchObject({ idempotent: true });
    const error = refused(await actOnTauFolder(folder.path, 'resume'));
    expect(error.code).toBe('CHECKPOINT_NONE_VALID');
    expect(folder.rows()).toHaveLength(1);
  });

  it('cancel is recorded with a report, and a cancelled job can be resumed', async () => {
    using folder = copyTauFixture('crashed-primary');
    const { report } = reported(await actOnTauFolder(folder.path, 'cancel'));
    expect(report).toMatchObject({ choice: 'cancel', outcome: { status: 'cancelled', exit_code: 0 } });
    expect(folder.readJson('control-state.json')).toMatchObject({ lifecycle_state: 'cancelled' });
    const after = reported(await actOnTauFolder(folder.path, 'resume'));
    expect(after.report).toMatchObject({ prior_lifecycle_state: 'cancelled', crash_detected: false });
  });

  it('a rollback makes the chosen checkpoint the primary and keeps the old one', async () => {
    using folder = copyTauFixture('crashed-primary');
    const [newer, older] = [folder.read('policy-checkpoint.json'), folder.read('policy-checkpoint.rollback.json')];
    const { foreign } = reported(await actOnTauFolder(folder.path, 'rollback', { checkpoint: 'fallback' }));
    expect(folder.read('policy-checkpoint.json')).toBe(older);
    expect(Object.values(folder.snapshot())).toContain(newer);
    expect(foreign?.value).toMatchObject({
      checkpoint_run_id: 'run-77',
      rollback_checkpoint: join(folder.path, 'policy-checkpoint.rollback.json'),
    });
    expect(folder.readJson('control-state.json')).toMatchObject({ lifecycle_state: 'rollback_requested' });
    const again = reported(await actOnTauFolder(folder.path, 'rollback', { checkpoint: 'fallback' }));
    expect(again.foreign?.value).toMatchObject({ idempotent: true });
    expect(folder.read('policy-checkpoint.json')).toBe(older);
  });

  it('a rollback to a checkpoint that cannot be loaded is refused, and nothing is changed', async () => {
    using folder = copyTauFixture('crashed-fallback');
    const before = folder.snapshot();
    const error = refused(await actOnTauFolder(folder.path, 'rollback', { checkpoint: 'primary' }));
    expect(error.code).toBe('CHECKPOINT_INVALID');
    expect(error.message).toContain('failed to load rollback checkpoint');
    expect(error.details['offset']).toBe(150);
    expect(folder.snapshot()).toEqual(before);
  });

  it('a u64 goes through recovery, report and reading it back without losing a digit', async () => {
    using folder = makeTauFolder({
      'control-state.json': tauState('running'),
      'policy-checkpoint.json': tauCheckpoint('18446744073709551615'),
    });
    const { report } = reported(await actOnTauFolder(folder.path, 'resume'));
    expect(report.checkpoint_global_step).toBe(18446744073709551615n);
    expect(folder.read('recovery-report.json')).toContain('"checkpoint_global_step": 18446744073709551615,');
  });

  it('numbers of a foreign status are printed as they stand', async () => {
    using folder = makeTauFolder({
      'control-state.json': tauState('running'),
      'status.json': tauStatus('completed', { rl_optimizer: {} }).replace(
        '"cancelled":0',
        '"cancelled":9007199254740993',
      ),
    });
    const { foreign } = reported(await actOnTauFolder(folder.path, 'pause'));
    const { formatExactJson } = await import('../../../src/platform/exact-json/exact-json.ts');
    expect(formatExactJson(foreign?.value)).toContain('"cancelled":9007199254740993');
  });

  it('a policy is evaluated for control:rl actions, with the reason codes of the format', async () => {
    using folder = copyTauFixture('crashed-primary');
    const file = parseAccessPolicy('rbac.json', {
      team_mode: true,
      bindings: [{ principal: 'local:ana', roles: ['op'] }],
      roles: { op: { allow: ['control:rl:*'], deny: ['control:rl:rollback'] } },
    });
    const policy = { type: 'file', path: 'rbac.json', file } as const;
    const before = folder.snapshot();
    const stranger = refused(await actOnTauFolder(folder.path, 'resume', { policy }));
    expect(stranger.message).toContain(
      'unauthorized rl lifecycle action: principal=local:test action=control:rl:resume reason_code=deny_unbound_principal',
    );
    const denied = refused(
      await actOnTauFolder(folder.path, 'rollback', { policy, principal: 'local:ana', checkpoint: 'fallback' }),
    );
    expect(denied.message).toContain('failed to authorize prompt-optimization lifecycle control action');
    expect(denied.message).toContain('reason_code=deny_role_policy');
    expect(folder.snapshot()).toEqual(before);
    const allowed = await actOnTauFolder(folder.path, 'resume', { policy, principal: 'local:ana' });
    expect(reported(allowed).report.plan.warnings.map(({ code }) => code)).not.toContain('ACCESS_OPEN');
  });

  it('a missing policy is said with the path where it is expected', async () => {
    using folder = copyTauFixture('crashed-primary');
    const { report } = reported(await actOnTauFolder(folder.path, 'resume'));
    const open = report.plan.warnings.find(({ code }) => code === 'ACCESS_OPEN');
    expect(open?.message).toContain(join(dirname(folder.path), 'security', 'rbac.json'));
  });

  it('a restart is refused, since the format knows none', async () => {
    using folder = copyTauFixture('crashed-primary');
    expect(refused(await actOnTauFolder(folder.path, 'restart')).code).toBe('CHOICE_UNSUPPORTED');
  });

  it('a directory that changed since the plan is stale, and nothing is written', async () => {
    using folder = copyTauFixture('crashed-primary');
    const error = refused(
      await actOnTauFolder(folder.path, 'resume', {
        beforeConsent: () => folder.write('policy-checkpoint.json', tauCheckpoint(7)),
      }),
    );
    expect(error.code).toBe('EVIDENCE_STALE');
    expect(folder.rows()).toHaveLength(2);
  });

  it('the report of another program is kept before it is replaced', async () => {
    using folder = copyTauFixture('crashed-primary');
    const foreign = `{"schema_version":1,"recovered_at_unix_ms":1763000000000,"principal":"p","crash_detected":false,"prior_lifecycle_state":"paused","replayed_audit_events":0,"replayed_actions":[],"diagnostics":[]}`;
    folder.write('recovery-report.json', foreign);
    reported(await actOnTauFolder(folder.path, 'resume'));
    expect(folder.read('reports/recovered-1763000000000.json')).toBe(foreign);
  });

  it('a last line that was cut short is kept in the new row, byte for byte', async () => {
    using folder = copyTauFixture('torn-audit');
    const torn = folder.read('control-audit.jsonl').split('\n').at(-1);
    reported(await actOnTauFolder(folder.path, 'resume'));
    expect(folder.rows()).toHaveLength(3);
    expect(folder.rows()[2]?.['salvor_torn_line']).toBe(torn);
  });

  it('a whole last line without a newline counts, and the next row gets a line of its own', async () => {
    using folder = copyTauFixture('crashed-primary');
    folder.write('control-audit.jsonl', folder.read('control-audit.jsonl').trimEnd());
    const { report } = reported(await actOnTauFolder(folder.path, 'resume'));
    expect(report.replayed_audit_events).toBe(2);
    expect(folder.rows()).toHaveLength(3);
  });
});

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('starting a trainer', () => {
  it('the command has the chosen checkpoint in its environment, and its end is in the report', async () => {
    using folder = copyTauFixture('crashed-fallback');
    const out = join(dirname(folder.path), 'seen');
    const command = `printf '%s %s %s' "$SALVOR_CHECKPOINT" "$SALVOR_CHECKPOINT_GLOBAL_STEP" "$SALVOR_CHECKPOINT_RUN_ID" > '${out}'; exit 3`;
    const { report } = reported(await actOnTauFolder(folder.path, 'resume', { command }));
    expect(readFileSync(out, 'utf8')).toBe(`${folder.path}/policy-checkpoint.rollback.json 800 run-77`);
    expect(report.outcome).toMatchObject({
      status: 'failed',
      exit_code: 5,
      trainer: { exit_code: 3, signal: null },
    });
    expect(folder.readJson('recovery-report.json')).toMatchObject({ outcome: { status: 'failed', exit_code: 5 } });
    expect(folder.rows()).toHaveLength(3);
  });

  it('while a trainer that was started lives, the job is alive, a second resume is refused, and cancel ends it', async () => {
    using folder = makeTauFolder({
      'control-state.json': tauState('running'),
      'policy-checkpoint.json': tauCheckpoint(900),
    });
    const fifo = join(dirname(folder.path), 'go');
    const command = `mkfifo '${fifo}'; exec cat '${fifo}'`;
    const { report } = reported(await actOnTauFolder(folder.path, 'resume', { command, watcherPath: PROGRAM }));
    const pid = Number(String(report.outcome.engine_reference).replace('process ', ''));
    try {
      expect(report.outcome.status).toBe('started');
      const evidence = await lookAtTauFolder(folder.path);
      expect(evidence.orphans.map((trainer) => trainer.pid)).toContain(pid);
      expect(diagnose(evidence)).toMatchObject({ verdict: 'alive', crashDetected: false });
      expect(refused(await actOnTauFolder(folder.path, 'resume')).code).toBe('RUNNER_ALIVE');
      expect(refused(await actOnTauFolder(folder.path, 'rollback', { checkpoint: 'primary' })).code).toBe(
        'RUNNER_ALIVE',
      );
      const cancelled = reported(await actOnTauFolder(folder.path, 'cancel'));
      expect(cancelled.report.plan.steps.map(({ action }) => action)).toContain('end_trainers');
      expect((await lookAtTauFolder(folder.path)).orphans).toEqual([]);
    } finally {
      if (isThere(pid)) process.kill(-pid, 'SIGKILL');
    }
  });
});
