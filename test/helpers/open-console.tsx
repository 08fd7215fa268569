/** The whole console on an emulated terminal, with sessions and jobs the test controls. */
import { Console } from 'node:console';
import type { SessionCommand } from '../../src/core/session/schema.ts';
import type { ConsoleControls, ConsoleEnd, ConsoleOptions } from '../../src/ui/console-options.ts';
import { runConsole } from '../../src/ui/run-console.tsx';
import { type FakeReader, makeFakeReader } from './fake-reader.ts';
import { type Answer, type FakeSession, makeFakeSession } from './fake-session.ts';
import { SAMPLE_ANSWERS } from './sample-answers.ts';
import { SAMPLE_MS, sampleSummary } from './sample-evidence.ts';
import { type EmulatedStreams, makeEmulatedStreams } from './terminal/emulated-streams.ts';
import type { Size } from './terminal/emulator.ts';

// Ink makes a console of its own from this one; the test runner's has no constructor.
Object.assign(globalThis.console, { Console });

/** A console that runs, and everything a test does with it. */
export type OpenConsole = EmulatedStreams & {
  readonly reader: FakeReader;
  readonly session: FakeSession;
  readonly ended: Promise<ConsoleEnd>;
  readonly controls: () => ConsoleControls;
  /** Waits until a screen says all of `texts` and shows its keys, so that they act. */
  readonly ready: (...texts: readonly string[]) => Promise<string>;
};

export type OpenOptions = Partial<Size> & {
  readonly reader?: FakeReader;
  readonly answers?: { readonly [T in SessionCommand['type']]?: Answer };
  readonly options?: Partial<ConsoleOptions>;
};

/** Opens the console; end it with `type('q')` or `controls().end` and await `ended`. */
export function openConsole({
  columns = 80,
  rows = 24,
  reader,
  answers = SAMPLE_ANSWERS,
  options,
}: OpenOptions = {}): OpenConsole {
  const streams = makeEmulatedStreams({ columns, rows });
  const jobs = reader ?? makeFakeReader({ jobs: [sampleSummary()] });
  const session = makeFakeSession('job-california', answers);
  let controls: ConsoleControls | undefined;
  const ended = runConsole({
    reader: jobs,
    openSession: () => session,
    clock: { nowMs: () => SAMPLE_MS + 60_000 },
    principal: 'local:ops',
    readOnly: false,
    place: '/srv/salvor',
    version: '0.1.0',
    stdin: streams.stdin,
    stdout: streams.stdout,
    stderr: streams.stdout,
    noColor: false,
    screenReader: false,
    onControls: (given) => {
      controls = given;
    },
    ...options,
  });
  ended.catch((thrown: unknown) => streams.stdout.write(`the console ended: ${String(thrown)}`));
  return {
    ...streams,
    reader: jobs,
    session,
    ended,
    controls: () => {
      if (controls === undefined) throw new Error('the console has not handed its controls');
      return controls;
    },
    ready: (...texts) =>
      streams.waitFor((screen) => {
        const foot = screen.split('\n').slice(-2).join('').trim();
        return foot !== '' && texts.every((text) => screen.includes(text));
      }),
  };
}
