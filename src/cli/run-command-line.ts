import { join } from 'node:path';
import type { CommandContext } from './command-context.ts';
import { makeOutput, type Output, tellError } from './output.ts';
import { type Asked, checkOneOf, parseArgs } from './parse-args.ts';

type Run = (context: CommandContext) => Promise<number>;

/** Commands are loaded when they are asked for: in the bundle they share one file, but each begins when it is used. */
const LOAD: Readonly<Record<Exclude<Asked['command'], 'help'>, () => Promise<Run>>> = {
  console: async () => (await import('./interactive.ts')).runInteractive,
  choose: async () => (await import('./commands/choose.ts')).runChoose,
  list: async () => (await import('./commands/list.ts')).runList,
  show: async () => (await import('./commands/show.ts')).runShow,
  status: async () => (await import('./commands/status.ts')).runStatus,
  repair: async () => (await import('./commands/repair.ts')).runRepair,
  settle: async () => (await import('./commands/settle.ts')).runSettle,
  units: async () => (await import('./commands/units.ts')).runUnits,
  'write-back': async () => (await import('./commands/write-back.ts')).runWriteBack,
  checkpoint: async () => (await import('./commands/checkpoint.ts')).runCheckpoint,
  audit: async () => (await import('./commands/audit.ts')).runAudit,
  report: async () => (await import('./commands/report.ts')).runReport,
  run: async () => (await import('./commands/run.ts')).runRun,
  doctor: async () => (await import('./commands/doctor.ts')).runDoctor,
  demo: async () => (await import('./commands/demo.ts')).runDemo,
  completion: async () => (await import('./commands/completion.ts')).runCompletion,
};

/** Internal command: carries out, in a process of its own, what its parent sends it. */
const RUNNER_COMMAND = '__runner';

/**
 * Reads a command line, loads its command and runs it.
 *
 * Errors: none thrown; every error is told and has its exit code.
 */
export async function runCommandLine(
  argv: readonly string[],
  { version, distDirectory }: { readonly version: string; readonly distDirectory: string },
): Promise<number> {
  const output = makeOutput(argv.includes('--json'));
  return output.finish(await runWords(argv, { version, distDirectory, output }));
}

type Words = { readonly version: string; readonly distDirectory: string; readonly output: Output };

async function runWords(argv: readonly string[], { version, distDirectory, output }: Words): Promise<number> {
  const programPath = join(distDirectory, '..', 'bin', 'salvor.js');
  try {
    if (argv[0] === RUNNER_COMMAND) {
      const { runDetached } = await import('./detached/run-detached.ts');
      return await runDetached({ version });
    }
    if (argv[0]?.startsWith('__')) {
      const { SOURCES } = await import('../sources/registry.ts');
      const helper = SOURCES.find((source) => source.helper?.word === argv[0])?.helper;
      if (helper) return await helper.run(Date.now);
    }
    const asked = parseArgs(argv);
    if (asked.switches.has('version')) {
      output.print(version);
      return 0;
    }
    if (asked.command === 'help' || asked.switches.has('help')) {
      const { findHelp, formatHelp } = await import('./help.ts');
      const command = asked.command === 'help' ? findHelp(asked.positionals[0]) : asked.command;
      output.print(formatHelp(command, version));
      return 0;
    }
    if (asked.texts.source !== undefined) {
      const { SOURCES } = await import('../sources/registry.ts');
      const names = SOURCES.map(({ name }) => name);
      checkOneOf('source', asked.texts.source, names);
    }
    const { readConfig } = await import('./config.ts');
    const config = await readConfig(asked, process.env);
    const run = await LOAD[asked.command]();
    return await run({ asked, config, output, version, programPath });
  } catch (thrown) {
    return tellError(output, thrown);
  }
}
