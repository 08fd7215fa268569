/** The console as a conversation: everything printed once, line by line, for screen readers and simple terminals. */

import { toRecoveryError } from '../../core/errors.ts';
import type { JobPage, ListCursor } from '../../core/ports.ts';
import { describeAttention, describeJobCells, describeTotal } from '../../present/job-rows.ts';
import { safeText } from '../../present/safe-text.ts';
import type { ConsoleEnd, ConsoleOptions } from '../console-options.ts';
import { makeDeeds } from '../state/deeds.ts';
import { ask, type Desk, print } from './desk.ts';
import { makeLineReader } from './line-reader.ts';
import { type LinearRun, talkAboutJob } from './talk-about-job.ts';

/** How many jobs are printed at a time. */
const PAGE = 20;

/**
 * Talks with the operator until they leave. The same sessions are driven as by the screens.
 *
 * Errors: none for what the operator is told about; a fault of the console is thrown.
 * Source: terminal trap 16 (redraws are unusable with a screen reader).
 */
export async function runLinear(options: ConsoleOptions): Promise<ConsoleEnd> {
  const desk: Desk = { options, reader: makeLineReader(options.stdin), deeds: makeDeeds() };
  options.onWarnings?.(({ code, message }) => {
    const text = safeText(`${code}: ${message}`, 600);
    desk.deeds.add(text);
    print(desk, [text]);
  });
  const ending = Promise.withResolvers<number>();
  let run: LinearRun | undefined;
  options.onControls?.({
    end: (exitCode) => void (run?.stop() ?? Promise.resolve()).then(() => ending.resolve(exitCode)),
    leave: (exitCode) => {
      run?.detach();
      ending.resolve(exitCode);
    },
    fail: ending.reject,
    suspend: () => void options.stopProcess?.(),
    repaint: () => undefined,
  });
  const onRun = (now: LinearRun | undefined): void => {
    run = now;
  };
  try {
    options.onFirstFrame?.();
    const exitCode = await Promise.race([talk(desk, onRun), ending.promise]);
    await desk.deeds.whenDone();
    return { exitCode, lastWords: desk.deeds.lastWords() };
  } finally {
    desk.reader.close();
  }
}

type OnRun = (run: LinearRun | undefined) => void;

async function talk(desk: Desk, onRun: OnRun): Promise<number> {
  const { singleJobId, version, place, readOnly } = desk.options;
  print(desk, [
    `Salvor ${version}, looking at ${safeText(place, 500)}.${readOnly ? ' Read-only: nothing can be changed.' : ''}`,
  ]);
  if (singleJobId !== undefined) await talkAboutJob(desk, singleJobId, onRun);
  let at: ListPlace = { scope: 'attention', offset: 0 };
  for (;;) {
    const page = await readPage(desk, at);
    if (page !== undefined) print(desk, listLines(page, at));
    const answer = await ask(
      desk,
      'Type a number to open a job, m for more, a for all jobs or only those that need attention, q to leave:',
      LIST_HELP,
    );
    if (answer === undefined || answer === 'q') return 0;
    const next = turnPage(answer, at, page);
    if (next !== undefined) at = next;
    else await openNumber(desk, { answer, page, at, onRun });
  }
}

const LIST_HELP = [
  'A number opens the job with that number: what is true of it is told, and what can be done.',
  'm tells the next jobs of the list, and from its end the first ones again.',
  'a changes between all jobs and those that need attention.',
  'q leaves Salvor. Nothing is done to a job before its plan was told and you agreed to it.',
];

/** `offset` is the number of the first job shown, `after` how far the list was read before it. */
type ListPlace = { readonly scope: 'attention' | 'all'; readonly offset: number; readonly after?: ListCursor };

async function readPage(desk: Desk, at: ListPlace): Promise<JobPage | undefined> {
  try {
    return await desk.options.reader.list({ ...at, ...(at.after && { offset: 0 }), limit: PAGE });
  } catch (thrown) {
    const error = toRecoveryError(thrown);
    print(desk, [`${error.code}: ${safeText(error.message, 2000)} ${error.hint}`]);
    return undefined;
  }
}

function listLines(page: JobPage, { scope, offset }: ListPlace): readonly string[] {
  const { jobs } = page;
  const missing = (page.unread ?? []).map(
    ({ error }) => `${error.code}: ${safeText(error.message, 2000)} ${error.hint}`,
  );
  const head = `${describeTotal(page, scope)}.`;
  const rows = jobs.map((summary, index) => {
    const { name, attention, count, error, next } = describeJobCells(summary);
    const parts = [
      `${offset + index + 1}. ${name}: ${attention}`,
      `${count} ${summary.progress.unit}s done`,
      describeAttention(summary),
      error === '-' ? '' : `last error ${error}`,
      next === '-' ? '' : `recommended: ${next}`,
    ];
    return parts.filter((part) => part !== '').join(', ');
  });
  return [...missing, head, ...rows];
}

function turnPage(answer: string, at: ListPlace, page: JobPage | undefined): ListPlace | undefined {
  if (answer === 'a') return { scope: at.scope === 'all' ? 'attention' : 'all', offset: 0 };
  if (answer !== 'm') return undefined;
  const next = at.offset + PAGE;
  if (!page || next >= page.total) return { scope: at.scope, offset: 0 };
  return { scope: at.scope, offset: next, ...(page.next && { after: page.next }) };
}

type Opening = {
  readonly answer: string;
  readonly page: JobPage | undefined;
  readonly at: ListPlace;
  readonly onRun: OnRun;
};

async function openNumber(desk: Desk, { answer, page, at, onRun }: Opening): Promise<void> {
  const summary = /^\d+$/u.test(answer) ? page?.jobs[Number(answer) - at.offset - 1] : undefined;
  if (summary === undefined) print(desk, [`'${safeText(answer, 60)}' is not a number of this list.`]);
  else await talkAboutJob(desk, summary.job.id, onRun);
}
