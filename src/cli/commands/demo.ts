import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';
import { describeTries } from '../demo/describe-demo.ts';
import { endLeftovers } from '../demo/end-leftovers.ts';
import type { MadeJob, Workshop } from '../demo/make-job.ts';
import { readScenarios, type Scenario, selectScenarios } from '../demo/read-scenarios.ts';
import { openPlaces } from '../open-places.ts';
import { formatTable } from '../output.ts';
import { stopOnSignals } from '../stop-on-signals.ts';

/**
 * `salvor demo`: runs real jobs in a fresh directory, kills their runners, and opens the console on them. Without a
 * terminal the jobs are made and kept, and what to try on them is told.
 *
 * Exits as the console does; 0 without a terminal; 130, 143 or 129 when a signal came before. Source: contract, commands.
 */
export async function runDemo(context: CommandContext): Promise<number> {
  const { asked, output, programPath } = context;
  const scenarios = await readScenarios(programPath);
  if (asked.switches.has('list')) return listScenarios(context, scenarios);
  const chosen = selectScenarios(scenarios, asked.positionals[0]);
  const interactive = hasTerminal() && !output.json;
  const abort = new AbortController();
  const signals = stopOnSignals(() => abort.abort());
  const directory = await mkdtemp(join(tmpdir(), 'salvor-demo-'));
  const stateDirectory = join(directory, 'state');
  const [opened] = openPlaces({ ...context.config, stateDirectory, stateNamed: false }, []);
  if (!opened) return 1;
  const workshop = { directory, stateDirectory, place: opened.jobs, programPath, abort: abort.signal };
  let made: readonly MadeJob[] | undefined;
  try {
    bringNode();
    made = await makeJobs(chosen, workshop, output.note);
    if (!interactive) return tellJobs(context, made, workshop);
    return await openConsole(context, stateDirectory);
  } catch (error) {
    const exitCode = signals.exitCode();
    if (exitCode === undefined) throw error;
    return exitCode;
  } finally {
    const keep = made !== undefined && (!interactive || asked.switches.has('keep'));
    const isAsked = keep && asked.switches.has('keep');
    await leave(workshop, { keep, leavesOrphans: isAsked, made: made ?? [], note: output.note });
    signals.close();
  }
}

function listScenarios({ output }: CommandContext, scenarios: readonly Scenario[]): number {
  if (output.json) {
    const answer = scenarios.map(({ name, job, summary }) => ({ name, job, summary }));
    output.printJson({ schema_version: 1, scenarios: answer });
  } else for (const line of formatTable(scenarios.map(({ name, summary }) => [name, summary]))) output.print(line);
  return 0;
}

/** Whether the console can be opened here; without a cursor to move it cannot. */
function hasTerminal(): boolean {
  return process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb';
}

/** Jobs that run a worker on Node.js find the one that runs Salvor, on whatever PATH. */
function bringNode(): void {
  process.env.PATH = [dirname(process.execPath), ...(process.env.PATH ? [process.env.PATH] : [])].join(delimiter);
}

async function makeJobs(
  scenarios: readonly Scenario[],
  workshop: Workshop,
  note: (line: string) => void,
): Promise<readonly MadeJob[]> {
  const { makeJob } = await import('../demo/make-job.ts');
  note(`Making ${scenarios.length === 1 ? 'a job' : `${scenarios.length} jobs`} in ${workshop.directory}`);
  const made: MadeJob[] = [];
  // The last one made is the first in the list: it was interrupted most recently.
  for (const scenario of scenarios.toReversed()) {
    note(`  ${scenario.name}: ${scenario.summary}`);
    made.unshift(await makeJob(scenario, workshop));
  }
  return made;
}

async function openConsole(context: CommandContext, stateDirectory: string): Promise<number> {
  const { runInteractive } = await import('../interactive.ts');
  const config = { ...context.config, stateDirectory, stateNamed: false };
  return runInteractive({ ...context, config, asked: { ...context.asked, positionals: [] } });
}

function tellJobs({ output }: CommandContext, made: readonly MadeJob[], workshop: Workshop): number {
  if (!output.json) return 0;
  const jobs = made.map(({ scenario, folder, ref: { id, name, kind, source } }) => ({
    scenario,
    job: { id, name, kind, source },
    folder,
  }));
  output.printJson({ schema_version: 1, directory: workshop.directory, state: workshop.stateDirectory, jobs });
  return 0;
}

/** Ends what still works, and removes the directory or says where it is. */
async function leave(
  { directory, stateDirectory, place }: Workshop,
  {
    keep,
    leavesOrphans,
    made,
    note,
  }: {
    readonly keep: boolean;
    readonly leavesOrphans: boolean;
    readonly made: readonly MadeJob[];
    readonly note: (line: string) => void;
  },
): Promise<void> {
  const count = leavesOrphans ? 0 : await endLeftovers(place, { runners: !keep });
  if (count > 0) note(`Ended ${count} ${count === 1 ? 'process' : 'processes'} of the demo that still worked.`);
  if (keep) {
    note(`The jobs are in ${safeText(directory, 400)}; rm -r it when you are done. Try:`);
    for (const line of describeTries(stateDirectory, made)) note(line);
    return;
  }
  await rm(directory, { recursive: true, force: true });
  note(`Removed ${safeText(directory, 400)}.`);
}
