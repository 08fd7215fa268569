/** How a trainer ended is kept, told, and believed by the next look. */
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseAnswer, pick, runSalvor, startSalvor } from '../../helpers/salvor.ts';
import { copyTauFixture, type TauFolder, tauState, tauStatus } from '../../helpers/tau-directory.ts';
import { waitFor } from '../../helpers/wait-for.ts';

const train = (folder: TauFolder, command: string, ...rest: readonly string[]) =>
  runSalvor(['--choice', 'resume', folder.path, '--exec', command, '--json', ...rest], { env: folder.env });

const listed = async (folder: TauFolder, ...flags: readonly string[]) =>
  pick(parseAnswer(await runSalvor(['list', folder.path, '--json', ...flags], { env: folder.env })), 'jobs.0');

describe('the end of a trainer', () => {
  it.each([
    ['exit 1', { exit_code: 1, signal: null }, 'failed'],
    ['exit 7', { exit_code: 7, signal: null }, 'failed'],
    ['no-such-trainer', { exit_code: 127, signal: null }, 'failed'],
    ['kill -KILL $$', { exit_code: null, signal: 'SIGKILL' }, 'interrupted'],
    ['kill -SEGV $$', { exit_code: null, signal: 'SIGSEGV' }, 'interrupted'],
    ['kill -TERM $$', { exit_code: null, signal: 'SIGTERM' }, 'interrupted'],
  ])('%s is exit 5, and how it ended is in the report, in the list and on disk', async (command, end, verdict) => {
    using folder = copyTauFixture('crashed-primary');
    const ended = await train(folder, command);
    expect(ended.code).toBe(5);
    const report = parseAnswer(ended);
    expect(report['outcome']).toMatchObject({ status: 'failed', exit_code: 5, trainer: end });
    expect(folder.readJson('recovery-report.json')['outcome']).toEqual(report['outcome']);
    expect(folder.readJson('salvor-trainer.json')).toMatchObject({ ...end, action_id: report['report_id'] });
    const says = end.signal === null ? `ended with exit code ${end.exit_code}` : `was ended by ${end.signal}`;
    expect(await listed(folder)).toMatchObject({
      verdict,
      last_error: { code: 'RUN_FAILED', message: `the trainer ${says}` },
    });
    const { stdout } = await runSalvor(['--choice', 'resume', folder.path, '--exec', command], { env: folder.env });
    expect(stdout).toContain(`the trainer ${says}; it can be resumed`);
  });

  it('exit 0 without a status is believed: the job is finished, and a loop that resumes it trains once', async () => {
    using folder = copyTauFixture('crashed-primary');
    const counter = join(dirname(folder.path), 'runs');
    const command = `echo run >> '${counter}'`;
    const first = await train(folder, command);
    expect(first.code).toBe(0);
    expect(parseAnswer(first)['outcome']).toMatchObject({ status: 'recovered', trainer: { exit_code: 0 } });
    for (const args of [[], ['--exec', command]]) {
      const again = await runSalvor(['--choice', 'resume', folder.path, ...args, '--json'], { env: folder.env });
      expect(again.code).toBe(4);
      expect(pick(parseAnswer(again), 'error.code')).toBe('JOB_FINISHED');
    }
    expect(await listed(folder)).toBeUndefined();
    expect(await listed(folder, '--all')).toMatchObject({ verdict: 'finished' });
    expect(readFileSync(counter, 'utf8')).toBe('run\n');
  });

  it('a detached trainer is seen to its end: a loop without a status trains once, however it looks in between', async () => {
    using folder = copyTauFixture('crashed-primary');
    const [counter, fifo] = [join(dirname(folder.path), 'runs'), join(dirname(folder.path), 'go')];
    execFileSync('mkfifo', [fifo]);
    const command = `echo run >> '${counter}'; read line < '${fifo}'`;
    const started = await train(folder, command, '--detach');
    expect({ code: started.code, status: pick(parseAnswer(started), 'outcome.status') }).toEqual({
      code: 0,
      status: 'started',
    });
    expect(pick(parseAnswer(await train(folder, command, '--detach')), 'error.code')).toBe('RUNNER_ALIVE');
    writeFileSync(fifo, 'go\n');
    // Whoever looks at any instant between its end and the record sees it alive or ended, and never crashed.
    const codes = new Set<unknown>();
    await waitFor('a resume finds it finished', async () => {
      codes.add(pick(parseAnswer(await train(folder, command, '--detach')), 'error.code'));
      return codes.has('JOB_FINISHED');
    });
    expect([...codes].filter((code) => code !== 'RUNNER_ALIVE')).toEqual(['JOB_FINISHED']);
    expect(readFileSync(counter, 'utf8')).toBe('run\n');
    expect(await listed(folder, '--all')).toMatchObject({ verdict: 'finished' });
  });

  it.each([
    ['exit 7', { exit_code: 7, signal: null }, 'failed'],
    ['kill -KILL $$', { exit_code: null, signal: 'SIGKILL' }, 'interrupted'],
  ])('a detached trainer that ends by %s is told by the next look', async (command, end, verdict) => {
    using folder = copyTauFixture('crashed-primary');
    const started = parseAnswer(await train(folder, command, '--detach'));
    const says = end.signal === null ? `ended with exit code ${end.exit_code}` : `was ended by ${end.signal}`;
    expect(await listed(folder)).toMatchObject({ verdict, last_error: { message: `the trainer ${says}` } });
    expect(folder.readJson('salvor-trainer.json')).toMatchObject({ ...end, action_id: started['report_id'] });
  });

  it('a status that the trainer wrote itself is believed first, and a loop does not train again either', async () => {
    using folder = copyTauFixture('crashed-primary');
    folder.write('completed', tauStatus('completed', { updated_unix_ms: 4_000_000_000_000 }));
    const command = `cp '${folder.path}/completed' '${folder.path}/status.json'`;
    expect((await train(folder, command)).code).toBe(0);
    expect((await train(folder, command)).code).toBe(4);
    folder.write('status.json', tauStatus('failed', { updated_unix_ms: 4_000_000_000_000 }));
    expect(await listed(folder)).toMatchObject({ verdict: 'failed' });
  });

  it('a record of an earlier run says nothing of the run that another program recorded', async () => {
    using folder = copyTauFixture('crashed-primary');
    expect((await train(folder, 'true')).code).toBe(0);
    folder.write('control-state.json', tauState('running', { updated_unix_ms: 4_000_000_000_000 }));
    expect(await listed(folder)).toMatchObject({ verdict: 'interrupted' });
    expect((await train(folder, 'true')).code).toBe(0);
  });

  it('a trainer that saves and ends with 0 when Salvor is asked to stop was stopped: exit 143, and it can be resumed', async () => {
    using folder = copyTauFixture('crashed-primary');
    const flag = join(dirname(folder.path), 'started');
    const fifo = join(dirname(folder.path), 'never');
    const command = `mkfifo '${fifo}'; trap 'exit 0' TERM; touch '${flag}'; while true; do read line < '${fifo}' || true; done`;
    await using running = startSalvor(['--choice', 'resume', folder.path, '--exec', command, '--json'], {
      env: folder.env,
    });
    await waitFor('the trainer runs', () => existsSync(flag));
    running.signal('SIGTERM');
    const ended = await running.ended;
    expect(ended.code).toBe(143);
    expect(parseAnswer(ended)['outcome']).toMatchObject({
      status: 'stopped',
      exit_code: 143,
      trainer: { exit_code: 0 },
    });
    expect(await listed(folder)).toMatchObject({ verdict: 'interrupted', recommended: 'resume', last_error: null });
    expect((await train(folder, 'true')).code).toBe(0);
  });
});

describe('a deliberate pause', () => {
  it('is paused, needs no attention and is not resumed by --all, and a resume that names it goes on', async () => {
    using folder = copyTauFixture('crashed-primary');
    await runSalvor(['--choice', 'pause', folder.path], { env: folder.env });
    expect(await listed(folder)).toBeUndefined();
    expect(await listed(folder, '--all')).toMatchObject({ verdict: 'paused', status: 'paused' });
    const all = await runSalvor(['--choice', 'resume', folder.path, '--all', '--json'], { env: folder.env });
    expect(all.code).toBe(4);
    expect((await runSalvor(['--choice', 'resume', folder.path, '--json'], { env: folder.env })).code).toBe(0);
  });
});
