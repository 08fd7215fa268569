/** The console without its drawing, over a session and jobs that the test controls. */
import { PassThrough } from 'node:stream';
import type { SessionCommand } from '../../src/core/session/schema.ts';
import { type Console, makeConsole } from '../../src/ui/state/make-console.ts';
import { assembleFrame } from '../../src/ui/view/assemble-frame.ts';
import { lineText } from '../../src/ui/view/line.ts';
import { type FakeReader, makeFakeReader } from './fake-reader.ts';
import { type Answer, makeFakeSession } from './fake-session.ts';
import { SAMPLE_ANSWERS } from './sample-answers.ts';
import { SAMPLE_MS, sampleDoubt, sampleSummary } from './sample-evidence.ts';
import type { Size } from './terminal/emulator.ts';

export type BareOptions = Partial<Size> & {
  readonly reader?: FakeReader;
  readonly answers?: { readonly [T in SessionCommand['type']]?: Answer };
  /** What `idle` of the session waits for besides its commands. */
  readonly held?: () => Promise<void>;
};

/** Starts a console of 80 x 24 cells; `exits` are the codes it was left with. Close `model` at the end. */
export function openBareConsole({ columns = 80, rows = 24, reader, answers, held }: BareOptions = {}) {
  const fake = makeFakeSession('job-california', { ...SAMPLE_ANSWERS, ...answers });
  const session = { ...fake, idle: () => Promise.all([fake.idle(), held?.()]).then(() => undefined) };
  const exits: number[] = [];
  const stdout = Object.assign(new PassThrough(), { columns, rows });
  const model: Console = makeConsole(
    {
      reader: reader ?? makeFakeReader({ jobs: [sampleSummary()], units: [sampleDoubt(48)] }),
      openSession: () => session,
      clock: { nowMs: () => SAMPLE_MS + 60_000 },
      principal: 'local:ops',
      readOnly: false,
      place: '/srv/salvor',
      version: '0.1.0',
      stdin: new PassThrough(),
      stdout,
      stderr: stdout,
      noColor: true,
      screenReader: false,
    },
    { exit: (code) => exits.push(code), suspend: () => undefined },
  );
  const frame = () => {
    const { above, menu, below } = assembleFrame(model.store.snapshot());
    return [...above, ...(menu?.items.map((item) => item.label) ?? []), ...below]
      .map((line) => (typeof line === 'string' ? line : lineText(line)).trimEnd())
      .join('\n');
  };
  model.start();
  return {
    model,
    session: fake,
    exits,
    frame,
    /** Presses named keys one after the other; what each leads to has come before the next. */
    press: async (...keys: readonly string[]) => {
      for (const key of keys) {
        await settleDown();
        model.press(key);
      }
      await settleDown();
      return frame();
    },
  };
}

/** Sessions and reads of tests answer within a turn of the event loop. */
async function settleDown(): Promise<void> {
  for (let turn = 0; turn < 3; turn += 1) await new Promise(setImmediate);
}
