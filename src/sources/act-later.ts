import type { StopSignal } from '../core/execution/stop-signals.ts';
import type { Actuator, Execution } from '../core/ports.ts';

/**
 * An actuator that is loaded when something is done: who only looks loads nothing of it. `hasRows` is whether it can
 * write rows files. Errors: those of the actuator.
 */
export function actLater(load: () => Promise<Actuator>, { hasRows = false } = {}): Actuator {
  return {
    start: (...plan) => startLater(load().then((actuator) => actuator.start(...plan))),
    settle: async (request) => (await load()).settle(request),
    recordRefusal: async (refusal) => (await load()).recordRefusal(refusal),
    ...(hasRows && {
      async writeBack(jobId: string) {
        const { writeBack } = await load();
        if (!writeBack) throw new Error('an actuator that has rows does not write them');
        return writeBack(jobId);
      },
    }),
  };
}

/** An execution that is still being loaded hears what it is told once it is there. */
function startLater(starting: Promise<Execution>): Execution {
  const tell = (say: (execution: Execution) => void): void => {
    // What went wrong is told through `done`.
    starting.then(say, () => {});
  };
  return {
    done: starting.then((execution) => execution.done),
    stop: (signal?: StopSignal) => tell((execution) => execution.stop(signal)),
    detach: () => tell((execution) => execution.detach()),
  };
}
