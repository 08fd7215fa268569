import type { StopSignal } from '../core/ports.ts';

/** Signals heard while something runs. */
export type HeardSignals = { readonly exitCode: () => number | undefined; readonly close: () => void };

const EXIT_CODES: Readonly<Record<StopSignal, number>> = { SIGINT: 130, SIGTERM: 143 };

/**
 * Turns SIGINT and SIGTERM into a request to stop after the unit in hand, as long as it is open.
 *
 * Source: contract, exit codes (130, 143).
 */
export function stopOnSignals(onStop: (signal: StopSignal) => void): HeardSignals {
  let first: StopSignal | undefined;
  const listen = (signal: StopSignal) => {
    first ??= signal;
    onStop(signal);
  };
  const interrupt = () => listen('SIGINT');
  const terminate = () => listen('SIGTERM');
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', terminate);
  return {
    exitCode: () => first && EXIT_CODES[first],
    close() {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', terminate);
    },
  };
}
