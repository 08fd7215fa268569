/** Makes a job that needs recovery: a real run of a real job file, ended at the moment its scenario names. */
import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { RecoveryError } from '../../core/errors.ts';
import type { JobRef } from '../../core/job/schema.ts';
import type { JobPlace } from '../../core/ports.ts';
import { awaitState } from './await-state.ts';
import { hasCome } from './has-come.ts';
import type { Scenario } from './read-scenarios.ts';

/** Where jobs are made. `place` reads the state directory; `abort` ends what is under way. */
export type Workshop = {
  readonly directory: string;
  readonly stateDirectory: string;
  readonly place: JobPlace;
  readonly programPath: string;
  readonly abort: AbortSignal;
};

/** A job that was made, and the folder its commands run in. */
export type MadeJob = { readonly scenario: string; readonly ref: JobRef; readonly folder: string };

/**
 * Copies a scenario's input into a folder of its own, runs its job file in a process group of its own, and ends the
 * run as the scenario says: with SIGKILL when its moment has come, or by itself.
 *
 * Errors: RUN_FAILED when the run ends in another way; RUN_INTERRUPTED when the making was aborted.
 */
export async function makeJob(scenario: Scenario, workshop: Workshop): Promise<MadeJob> {
  checkNotAborted(workshop);
  const folder = join(workshop.directory, scenario.name);
  cpSync(scenario.inputPath, folder, { recursive: true });
  const run = startRun(folder, workshop);
  const killGroup = () => run.kill('group');
  workshop.abort.addEventListener('abort', killGroup);
  try {
    if ('kill' in scenario.end) await killInTime(run, scenario, { ...workshop, folder });
    else await awaitExit(run, scenario, scenario.end.exit_code);
    checkNotAborted(workshop);
  } catch (error) {
    killGroup();
    throw error;
  } finally {
    workshop.abort.removeEventListener('abort', killGroup);
  }
  for (const [file, text] of Object.entries(scenario.afterwards)) appendFileSync(join(folder, file), text);
  return { scenario: scenario.name, ref: await findRef(scenario, workshop), folder };
}

/** A run under way. `over` is how it ended, once it has. */
type Run = {
  readonly ended: Promise<Over>;
  readonly over: () => Over | undefined;
  /** Sends SIGKILL to the runner alone, or to all that runs with it. */
  readonly kill: (whom: 'runner' | 'group') => void;
};
type Over = { readonly exitCode: number | undefined; readonly output: string };

function startRun(folder: string, { programPath, stateDirectory }: Workshop): Run {
  const args = [programPath, 'run', join(folder, 'job.yaml'), '--state', stateDirectory];
  const options = {
    cwd: folder,
    detached: true,
    cleanup: false,
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
  } as const;
  const child = execa(process.execPath, args, options);
  let over: Over | undefined;
  const ended = child.then(({ exitCode, stderr, shortMessage }) => {
    over = { exitCode, output: stderr || shortMessage || '' };
    return over;
  });
  return {
    ended,
    over: () => over,
    kill(whom) {
      if (child.pid !== undefined && !over) process.kill(whom === 'group' ? -child.pid : child.pid, 'SIGKILL');
    },
  };
}

async function killInTime(
  run: Run,
  { end, job, name }: Scenario,
  { place, abort, folder }: Workshop & { readonly folder: string },
): Promise<void> {
  if (!('kill' in end)) return;
  await awaitState(`scenario ${name} comes to its moment`, async () => {
    const over = run.over();
    if (over && !abort.aborted) throw describeEnd(name, over);
    return abort.aborted || (await hasCome(end.when, { place, jobName: job, folder }));
  });
  run.kill(end.kill);
  await run.ended;
  const [ref] = await place.find(job, 1);
  if (!ref || end.kill === 'runner') return;
  // What the group took with it is gone a moment later than the runner itself.
  await awaitState(`the commands of scenario ${name} are gone`, async () => {
    const { orphans } = await place.collect(ref.id);
    return orphans.length === 0;
  });
}

async function awaitExit(run: Run, { name }: Scenario, exitCode: number): Promise<void> {
  const over = await run.ended;
  if (over.exitCode !== exitCode) throw describeEnd(name, over);
}

function describeEnd(name: string, { exitCode, output }: Over): RecoveryError {
  const message = `scenario ${name} ended with ${exitCode ?? 'a signal'}: ${output.trim()}`;
  return new RecoveryError('RUN_FAILED', message, { details: { scenario: name } });
}

function checkNotAborted({ abort }: Workshop): void {
  if (abort.aborted) throw new RecoveryError('RUN_INTERRUPTED', 'the demo was ended before its jobs were made');
}

async function findRef({ name, job }: Scenario, { place }: Workshop): Promise<JobRef> {
  const [ref] = await place.find(job, 1);
  if (ref) return ref;
  throw new RecoveryError('RUN_FAILED', `scenario ${name} left no job '${job}'`, { details: { scenario: name } });
}
