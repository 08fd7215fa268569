import { STOP_EXIT_CODES, STOP_SIGNALS, type StopSignal } from '../core/execution/stop-signals.ts';

/** Signals heard while something runs. */
export type HeardSignals = { readonly exitCode: () => number | undefined; readonly close: () => void };

/**
 * Turns SIGHUP (a terminal that is gone), SIGINT and SIGTERM into a request to stop after the unit in hand, as long as
 * it is open.
 *
 * Source: contract, exit codes (129, 130, 143).
 */
export function stopOnSignals(onStop: (signal: StopSignal) => void): HeardSignals {
  let first: StopSignal | undefined;
  const listeners = STOP_SIGNALS.map((signal) => {
    const listen = () => {
      first ??= signal;
      onStop(signal);
    };
    process.on(signal, listen);
    return () => process.off(signal, listen);
  });
  return {
    exitCode: () => first && STOP_EXIT_CODES[first],
    close() {
      for (const stop of listeners) stop();
    },
  };
}
