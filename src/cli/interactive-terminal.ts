/** Opens the console on this process's terminal: checks it, keeps its signals, and says what is left to say. */

import { HINTS } from '../core/errors.ts';
import { STOP_EXIT_CODES } from '../core/execution/stop-signals.ts';
import { safeText } from '../present/safe-text.ts';
import type { ConsoleControls, ConsoleEnd, ConsoleOptions } from '../ui/console-options.ts';

/** What the console needs from its caller; terminal, switches and signals are settled here. */
export type OpenConsoleOptions = Omit<ConsoleOptions, 'noColor' | 'screenReader' | 'stopProcess' | 'onControls'> & {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** `--no-color`; the environment is read here. */
  readonly noColor?: boolean;
};

/**
 * Opens the console and answers with the exit code: 0 left, 1 a bug, 2 no terminal, 130 Ctrl+C, 143 SIGTERM.
 *
 * Errors: none thrown; an error inside the console is printed after the terminal was given back.
 * Source: contract, commands and exit codes; terminal traps 3, 4, 6, 7, 9 and 13.
 */
export async function openConsole(options: OpenConsoleOptions): Promise<number> {
  const { env, stdout, stderr } = options;
  const screenReader = ['SALVOR_SCREEN_READER', 'ACCESSIBLE', 'INK_SCREEN_READER'].some((name) => isOn(env[name]));
  const missing = describeMissingTerminal(options, screenReader);
  if (missing !== undefined) {
    stderr.write(`salvor: ${missing}\n${HINTS.TERMINAL_MISSING}\n`);
    return 2;
  }
  const noColor = options.noColor === true || (env['NO_COLOR'] ?? '') !== '' || env['FORCE_COLOR'] === '0';
  const signals = keepSignals();
  try {
    const run = screenReader ? await loadLinear() : await loadConsole(noColor, env);
    const end = await run({ ...options, noColor, screenReader, stopProcess, onControls: signals.hand });
    if (end.lastWords !== '') stdout.write(`${end.lastWords}\n`);
    return end.exitCode;
  } catch (thrown) {
    stderr.write(describeFault(thrown));
    return 1;
  } finally {
    signals.release();
  }
}

type Run = (options: ConsoleOptions) => Promise<ConsoleEnd>;

/** Why there is no terminal to open the console on, or `undefined`. Source: terminal trap 4. */
function describeMissingTerminal(options: OpenConsoleOptions, screenReader: boolean): string | undefined {
  if (options.stdin.isTTY !== true) return 'the console needs a terminal, and standard input is not one.';
  if (options.stdout.isTTY !== true) return 'the console needs a terminal, and standard output is not one.';
  if (options.env['TERM'] === 'dumb' && !screenReader)
    return 'the console needs a terminal that can move its cursor, and TERM is dumb.';
  return undefined;
}

function isOn(value: string | undefined): boolean {
  return value !== undefined && value !== '' && value !== '0' && value !== 'false';
}

async function loadLinear(): Promise<Run> {
  const { runLinear } = await import('../ui/linear/run-linear.ts');
  return runLinear;
}

/**
 * Loads the console with an environment its libraries understand: they decide about colour and developer tools while
 * they are loaded. The environment is put back at once, since commands of jobs inherit it.
 */
async function loadConsole(noColor: boolean, env: OpenConsoleOptions['env']): Promise<Run> {
  const isCi = env['CI'] !== undefined && env['FORCE_COLOR'] === undefined;
  const restore = setEnvironment({
    DEV: undefined,
    ...(noColor ? { FORCE_COLOR: '0' } : {}),
    ...(isCi && !noColor ? { FORCE_COLOR: '1' } : {}),
  });
  try {
    const { runConsole } = await import('../ui/run-console.tsx');
    return runConsole;
  } finally {
    restore();
  }
}

function setEnvironment(values: Readonly<Record<string, string | undefined>>): () => void {
  const before = Object.keys(values).map((name) => [name, process.env[name]] as const);
  const put = (name: string, value: string | undefined): void => {
    if (value === undefined) delete process.env[name];
    else process.env[name] = value;
  };
  for (const [name, value] of Object.entries(values)) put(name, value);
  return () => {
    for (const [name, value] of before) put(name, value);
  };
}

/** Signals that end the console; a terminal that was closed is left otherwise. */
const ENDS = ['SIGINT', 'SIGTERM'] as const;

/** Keeps signals and stray faults for the console while it is open, so that the terminal is always given back. */
function keepSignals(): { readonly hand: (controls: ConsoleControls) => void; readonly release: () => void } {
  let controls: ConsoleControls | undefined;
  const onEnd = (signal: (typeof ENDS)[number]): void => controls?.end(STOP_EXIT_CODES[signal]);
  const onHangUp = (): void => controls?.leave(STOP_EXIT_CODES.SIGHUP);
  const onStop = (): void => controls?.suspend();
  const onContinue = (): void => controls?.repaint();
  const onFault = (thrown: unknown): void =>
    controls?.fail(thrown instanceof Error ? thrown : new Error(String(thrown)));
  return {
    hand: (given) => {
      controls = given;
      for (const signal of ENDS) process.on(signal, onEnd);
      process.on('SIGHUP', onHangUp);
      process.on('SIGTSTP', onStop);
      process.on('SIGCONT', onContinue);
      process.on('uncaughtException', onFault);
      process.on('unhandledRejection', onFault);
    },
    release: () => {
      for (const signal of ENDS) process.off(signal, onEnd);
      process.off('SIGHUP', onHangUp);
      process.off('SIGTSTP', onStop);
      process.off('SIGCONT', onContinue);
      process.off('uncaughtException', onFault);
      process.off('unhandledRejection', onFault);
    },
  };
}

/** How long the process is held after it asked to be stopped: it stops within this time, and goes on from here. */
const STOP_HOLD_MS = 50;

/**
 * Stops this process's job as Ctrl+Z does, and resolves when it goes on. The whole process group is stopped, or the
 * shell would wait for a launcher that still runs. The timer holds the event loop, which has nothing else to live for.
 *
 * Source: terminal trap 7.
 */
async function stopProcess(): Promise<void> {
  const listeners = process.listeners('SIGTSTP');
  process.removeAllListeners('SIGTSTP');
  process.kill(0, 'SIGTSTP');
  await new Promise((resolve) => setTimeout(resolve, STOP_HOLD_MS));
  for (const listener of listeners) process.on('SIGTSTP', listener);
}

/** What to print about an error that ended the console. It is a bug: everything expected is shown inside it. */
function describeFault(thrown: unknown): string {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const where = (error.stack ?? '')
    .split('\n')
    .slice(1, 6)
    .map((line) => `  ${safeText(line.trim(), 300)}\n`);
  return `salvor: ${safeText(error.message, 2000)}\n${where.join('')}${HINTS.INTERNAL}\n`;
}
