/** Who may do what: every choice and every settlement asks the policy, and a policy that cannot be used denies. */
import { writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { expectRefused } from '../helpers/guardrail.ts';
import { type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { copyTauFixture } from '../helpers/tau-directory.ts';

/** A job whose runner died in its second row of three. */
async function makeDeadJob(): Promise<LedgerJob> {
  const job = await makeLedgerJob({ rowCount: 3, verify: true });
  job.act({ k2: 'before' });
  expect((await job.salvor(['run', 'job.yaml'])).signal).toBe('SIGKILL');
  return job;
}

function choose(job: LedgerJob, choice = 'resume'): readonly string[] {
  return ['--choice', choice, '--yes', '--job', job.jobId()];
}

describe('access', () => {
  const POLICY = JSON.stringify({
    schema_version: 1,
    team_mode: true,
    bindings: [{ principal: 'ops', roles: ['reader'] }],
    roles: { reader: { allow: ['look:*'] } },
  });

  test.concurrent('ACCESS_DENIED: the role of the principal does not allow it', async () => {
    await using job = await makeDeadJob();
    writeFileSync(job.folder.at('policy.json'), POLICY);
    const as = ['--principal', 'ops', '--policy', job.folder.at('policy.json')];
    const code = 'ACCESS_DENIED';
    for (const choice of ['resume', 'restart', 'cancel']) {
      const names = ['ops', `recover:${choice}`];
      await expectRefused(job, [...choose(job, choice), ...as], { code, names, isAudited: true });
    }
    const settle = ['settle', job.jobId(), 'k2', '--as', 'done', '--reason', 'seen', ...as];
    await expectRefused(job, settle, { code, names: ['ops', 'recover:settle'], isAudited: true });
  });

  test.concurrent.each([
    ['missing', undefined],
    ['no JSON', '{"schema_version": 1'],
    ['of a newer version', '{"schema_version": 2}'],
    ['of wrong types', '{"team_mode": "yes"}'],
    ['a list', '[]'],
    ['misspelt', '{"teammode": true, "bindings": [], "roles": {}}'],
    ['misspelt in a role', '{"roles": {"ops": {"allow": ["*"], "denny": ["recover:resume"]}}}'],
    ['one with a key that stands twice', '{"team_mode": true, "team_mode": false}'],
  ])('POLICY_INVALID: a named policy that is %s denies everything', async (_what, content) => {
    await using job = await makeDeadJob();
    const policy = job.folder.at('policy.json');
    if (content !== undefined) writeFileSync(policy, content);
    const args = [...choose(job), '--policy', policy];
    await expectRefused(job, args, { code: 'POLICY_INVALID', names: [policy], isAudited: true });
  });
});

test.concurrent('a run asks the policy as well, and rows that an unfinished job has ask for a restart besides', async () => {
  await using job = await makeDeadJob();
  const write = (name: string, deny: readonly string[]) => {
    const roles = { r: { allow: ['*'], deny } };
    const policy = { team_mode: true, bindings: [{ principal: '*', roles: ['r'] }], roles };
    writeFileSync(job.folder.at(name), JSON.stringify(policy));
    return ['--policy', job.folder.at(name)];
  };
  const [denied, noRestart] = [write('a.json', ['recover:run']), write('b.json', ['recover:restart'])];
  const missing = ['--policy', job.folder.at('nowhere.json')];
  const before = job.ledger();
  for (const [args, code, action] of [
    [['--name', 'other', ...denied], 'ACCESS_DENIED', 'recover:run'],
    [['--name', 'other', '--detach', ...denied], 'ACCESS_DENIED', 'recover:run'],
    [['--again', ...noRestart], 'ACCESS_DENIED', 'recover:restart'],
    [['--name', 'other', ...missing], 'POLICY_INVALID', 'nowhere.json'],
  ] as const) {
    await expectRefused(job, ['run', 'job.yaml', ...args], { code, names: [action], isAudited: false });
  }
  expect(job.ledger()).toEqual(before);
  expect((await job.salvor(['run', 'job.yaml', '--name', 'other', ...noRestart])).code).toBe(0);
});

test.concurrent('POLICY_INVALID: a policy whose name is empty denies everything', async () => {
  await using job = await makeDeadJob();
  const env = { SALVOR_POLICY: '' };
  for (const choice of ['resume', 'restart', 'cancel']) {
    const ended = await job.salvor([...choose(job, choice), '--json'], { env });
    expect(ended.code).toBe(3);
    expect(pick(parseAnswer(ended), 'error.code')).toBe('POLICY_INVALID');
  }
  expect((await job.salvor(['list'], { env })).code).toBe(0);
});

test.concurrent('what would be refused is not recommended, in lists and in a closer look alike', async () => {
  await using job = await makeDeadJob();
  using tau = copyTauFixture('crashed-primary');
  const write = (name: string, allow: readonly string[]) => {
    const policy = { team_mode: true, bindings: [{ principal: '*', roles: ['r'] }], roles: { r: { allow } } };
    writeFileSync(job.folder.at(name), JSON.stringify(policy));
    return ['--policy', job.folder.at(name)];
  };
  const [allowing, denying] = [
    write('allow.json', ['recover:resume', 'control:rl:resume']),
    write('deny.json', ['recover:cancel', 'control:rl:cancel']),
  ];
  for (const [target, args, recommended] of [
    [job.state, [], 'resume'],
    [job.state, allowing, 'resume'],
    [job.state, denying, null],
    [job.state, ['--read-only'], null],
    [tau.path, allowing, 'resume'],
    [tau.path, denying, null],
    [tau.path, ['--read-only'], null],
  ] as const) {
    const ask = (...words: readonly string[]) => runSalvor([...words, ...args, '--json'], { env: tau.env });
    const list = pick(parseAnswer(await ask('list', target)), 'jobs.0.recommended');
    const name = target === tau.path ? [target] : [job.jobId(), target];
    const show = pick(parseAnswer(await ask('show', ...name)), 'diagnosis.recommended');
    expect({ target, args, list, show }).toEqual({ target, args, list: recommended, show: recommended });
  }
});
