/** What the demo says: which jobs it made, and what to try on them from a shell. */
import { basename, relative } from 'node:path';
import type { MadeJob } from './make-job.ts';

/** Words that any shell takes as they are. */
const PLAIN = /^[\w./:=@%+-]+$/;

/** The command lines to try on a directory of made jobs, the first one naming its state directory. */
export function describeTries(stateDirectory: string, jobs: readonly MadeJob[]): readonly string[] {
  const salvor = quoteWord(nameProgram());
  const job = jobs.find((made) => made.scenario === 'api-timeout') ?? jobs[0];
  const name = quoteWord(job?.ref.name ?? 'JOB');
  return [
    `  export SALVOR_STATE=${quoteWord(stateDirectory)}`,
    `  ${salvor} list --all`,
    `  ${salvor} show ${name}`,
    `  ${salvor} --choice resume --job ${name}`,
    `  ${salvor}`,
  ];
}

/** How this very program was called. */
function nameProgram(): string {
  const called = process.argv[1] ?? 'salvor';
  if (basename(called) === 'salvor') return 'salvor';
  const near = relative(process.cwd(), called);
  return near.startsWith('..') ? called : `./${near}`;
}

function quoteWord(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
