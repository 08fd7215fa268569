import { RecoveryError } from '../../../core/errors.ts';
import type { UnitOutcome, UnitWork, VerifyOutcome } from '../../../core/execution/unit-engine.ts';
import { buildRunEnvironment } from '../../command/row-environment.ts';
import { UnpassableError } from '../../command/unit-text.ts';
import type { UnitCommand, UnitProgram } from '../unit-program.ts';
import { type Heard, judgeCommand, judgeRest } from './judge-command.ts';
import { judgeVerify } from './judge-verify.ts';
import type { LineStream, LocalEngineOptions } from './local-engine-options.ts';
import type { ReadLine } from './make-line-reader.ts';
import { type OutputLine, parseOutputLine } from './parse-output-line.ts';
import { type Rest, type RunningShell, runShell, type ShellEnd } from './run-shell.ts';

type OnReceipt = (receipt: string) => Promise<void>;

/** Runs the job's command lines, once per unit each. */
export type CommandRunner = {
  readonly perform: (work: UnitWork, onReceipt: OnReceipt) => Promise<UnitOutcome>;
  readonly verify: (work: UnitWork) => Promise<VerifyOutcome>;
  /** Resolves when nothing is under way. */
  readonly idle: () => Promise<void>;
  readonly kill: () => void;
};

/** A verify hook only looks, so it has little time when the job does not say how much. Source: contract, verify. */
const VERIFY_TIMEOUT_MS = 60_000;

/**
 * Makes the runner of `command` and `verify`.
 *
 * Errors: none. `perform` rejects
 *         with what `onReceipt` rejects with, after the command ended.
 * Source: contract, job files; design, durable execution.
 */
export function makeCommandRunner(options: LocalEngineOptions): CommandRunner {
  const { command, verify, jobName, env, timeoutMs } = options.program;
  const runEnvironment = buildRunEnvironment({ ...options, jobName }, env);
  const running = new Set<RunningShell>();
  const starting = new Set<Promise<RunningShell>>();
  let isKilled = false;

  /** Asks whether the job is still held, and starts the command; the runner may be told to end everything meanwhile. */
  const begin = async (attempt: Attempt, listener: Listener) => {
    const shellRun = buildShellRun(options, runEnvironment, { attempt, listener });
    options.faults?.reach('before-spawn');
    if (!attempt.isLook) await options.checkHeld?.();
    if (isKilled && !attempt.isLook) {
      throw new RecoveryError('RUN_INTERRUPTED', 'the run was ended before the command was started');
    }
    const shell = runShell(shellRun);
    running.add(shell);
    return shell;
  };

  const run = async (attempt: Attempt): Promise<Ended> => {
    const listener = makeListener(options, attempt);
    const beginning = begin(attempt, listener);
    starting.add(beginning);
    const shell = await beginning.finally(() => starting.delete(beginning));
    options.faults?.reach('after-spawn');
    const end = await shell.ended;
    const rest = await endRestUnlessDone(shell, attempt, judgeCommand(end, listener.heard()));
    running.delete(shell);
    await listener.receiptKept();
    return { end, heard: listener.heard(), rest };
  };

  return {
    perform: (work, onReceipt) =>
      run({ work, command, onReceipt, timeoutMs }).then(
        ({ end, heard, rest }) => judgeRest(judgeCommand(end, heard), rest),
        (thrown: unknown) => {
          if (thrown instanceof UnpassableError) return { type: 'failed', error: thrown.error };
          throw thrown;
        },
      ),
    verify: (work) =>
      run({ work, command: verify, timeoutMs: timeoutMs ?? VERIFY_TIMEOUT_MS, isLook: true }).then(
        ({ end, heard }) => judgeVerify(end, heard),
        (thrown: unknown) => {
          if (thrown instanceof UnpassableError) return { type: 'unknown', error: thrown.error };
          throw thrown;
        },
      ),
    idle: async () => {
      await Promise.allSettled(starting);
      await Promise.all([...running].map((shell) => shell.ended));
    },
    kill: () => {
      isKilled = true;
      for (const shell of running) shell.kill();
    },
  };
}

type ShellRun = Parameters<typeof runShell>[0];

function buildShellRun(
  options: LocalEngineOptions,
  environment: ShellRun['environment'],
  { attempt, listener }: { readonly attempt: Attempt; readonly listener: Listener },
): ShellRun {
  const { program, runToken, markDirectory } = options;
  const { work, timeoutMs } = attempt;
  const command = (attempt.command ?? NO_COMMAND)(work);
  return {
    args: command.args,
    directory: program.directory,
    environment: { ...environment, ...command.environment },
    input: command.input,
    runToken,
    unitNumber: work.number,
    onLine: listener.onLine,
    ...(markDirectory !== undefined && { markDirectory }),
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(attempt.isLook && { isLook: true }),
  };
}

type Attempt = {
  readonly work: UnitWork;
  readonly command: UnitProgram['command'];
  readonly timeoutMs: number | undefined;
  readonly onReceipt?: OnReceipt;
  /** It changes nothing: a verify hook. */
  readonly isLook?: true;
};
type Ended = { readonly end: ShellEnd; readonly heard: Heard; readonly rest: Rest };

const NO_REST: Rest = { processes: [], survivors: 0, suspects: [] };

/** What a command leaves working may act after it; only a command that is done may leave something. */
async function endRestUnlessDone(shell: RunningShell, attempt: Attempt, outcome: UnitOutcome): Promise<Rest> {
  if (outcome.type === 'done') return NO_REST;
  const rest = await shell.endRest();
  return attempt.isLook ? NO_REST : rest;
}

const NO_COMMAND = (): UnitCommand => ({ args: ['-c', 'exit 127'], environment: {}, input: '' });

type Listener = ReturnType<typeof makeListener>;

/** Collects what one command says; the first receipt is passed on the moment it is printed. */
function makeListener({ program, onLine }: LocalEngineOptions, { work, onReceipt, isLook }: Attempt) {
  let heard: Heard = { ambiguous: false };
  let receiptKept: Promise<void> | undefined;
  const take = (receipt: string) => {
    if (heard.receipt !== undefined) {
      if (heard.receipt !== receipt) heard = { ...heard, conflict: receipt };
      return;
    }
    heard = { ...heard, receipt };
    receiptKept = onReceipt?.(receipt);
    // Looked at when the command has ended; until then a rejection is not lost, only waiting.
    receiptKept?.catch(() => {});
  };
  const hear = (said: Extract<OutputLine, { readonly type: 'said' }>) => {
    const { receipt, conflict, error } = said;
    if (receipt !== undefined) take(receipt);
    if (conflict !== undefined) take(conflict);
    const unread = heard.unread ?? said.unread;
    heard = {
      ...heard,
      ...(error && { error }),
      ...(unread !== undefined && { unread }),
      ambiguous: heard.ambiguous || said.ambiguous,
    };
  };
  const hearUnread = ({ why, isReceiptLost }: Extract<OutputLine, { readonly type: 'unread' }>) => {
    heard = { ...heard, ...(isReceiptLost && { lostReceipt: why }), unread: heard.unread ?? why };
  };
  /** What a command contradicts, and all that a hook says, is kept in its own words as well. */
  const isToldElsewhere = () => !isLook && heard.conflict === undefined && heard.unread === undefined;
  return {
    heard: () => heard,
    receiptKept: async () => receiptKept,
    onLine: (stream: LineStream, line: ReadLine) => {
      const { text, cutBytes } = line;
      const parsed = stream === 'stdout' ? parseOutputLine(line, program.receiptField) : undefined;
      if (parsed?.type === 'said') hear(parsed);
      if (parsed?.type === 'said' && isToldElsewhere()) return;
      if (parsed?.type === 'unread') hearUnread(parsed);
      if (stream === 'stderr' && text.trim() !== '') heard = { ...heard, lastErrorLine: text };
      onLine(work.number, stream, cutBytes === 0 ? text : `${text} [${cutBytes} bytes more, left out]`);
    },
  };
}
