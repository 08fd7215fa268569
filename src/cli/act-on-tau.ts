import { randomUUID } from 'node:crypto';
import type { Actuator, Execution, StopSignal } from '../core/ports.ts';
import { systemClock } from '../platform/clock.ts';
import type { TauActuatorOptions } from '../sources/tau/act.ts';

/** What acting on a Tau state directory needs of the command line. */
export type TauActing = Omit<TauActuatorOptions, 'clock' | 'makeId' | 'operations' | 'checkpointOperations'>;

/** Acts on a Tau state directory; what does it is loaded when something is done. Source: design, the house. */
export function actOnTau(acting: TauActing): Actuator {
  const make = async (): Promise<Actuator> => {
    const { makeTauActuator } = await import('../sources/tau/act.ts');
    const { systemTauOperations } = await import('../sources/tau/file-operations.ts');
    const { systemFileOperations } = await import('../platform/files/file-operations.ts');
    const operations = { operations: systemTauOperations, checkpointOperations: systemFileOperations };
    return makeTauActuator({ ...acting, ...operations, clock: systemClock, makeId: randomUUID });
  };
  return {
    start: (...plan) => startLater(make().then((actuator) => actuator.start(...plan))),
    settle: async (request) => (await make()).settle(request),
    // The audit log is Tau's, and it knows no row for a refusal.
    recordRefusal: async () => {},
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
