/** Signals that ask for a stop, and the exit code of each. Source: contract, exit codes; POSIX, 2.8.2. */
export const STOP_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const;

/** One of them. */
export type StopSignal = keyof typeof STOP_EXIT_CODES;

/** Their names: the terminal is gone, the keyboard, another program. */
export const STOP_SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const satisfies readonly StopSignal[];
