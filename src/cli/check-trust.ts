import { RecoveryError } from '../core/errors.ts';
import type { Actuator } from '../core/ports.ts';
import { describeStranger } from '../platform/check-owner.ts';
import { storePath } from '../store/state-directory.ts';
import { translateErrors } from '../store/translate-errors.ts';

/**
 * Refuses to act in a state directory that was found by default and that somebody else may have filled: the commands
 * that a job runs are in it. To look at it is harmless.
 *
 * Errors: STATE_UNTRUSTED naming owner and mode; STATE_UNREADABLE.
 * Source: decisions/0025.
 */
export function checkTrust(stateDirectory: string): void {
  const files = [storePath(stateDirectory)];
  const stranger = translateErrors(stateDirectory, () => describeStranger(stateDirectory, files));
  if (stranger === undefined) return;
  throw new RecoveryError('STATE_UNTRUSTED', `${stranger}: ${stateDirectory} was taken without being named`, {
    details: { path: stateDirectory },
  });
}

/** An actuator that checks first whose state it is; nothing is recorded in what is not trusted. Errors: those of `checkTrust`. */
export function actIfTrusted(actuator: Actuator, stateDirectory: string): Actuator {
  const { writeBack } = actuator;
  return {
    start(approved, onEvent) {
      checkTrust(stateDirectory);
      return actuator.start(approved, onEvent);
    },
    async settle(request) {
      checkTrust(stateDirectory);
      return actuator.settle(request);
    },
    ...(writeBack && {
      async writeBack(jobId: string) {
        checkTrust(stateDirectory);
        return writeBack(jobId);
      },
    }),
    async recordRefusal(refusal) {
      checkTrust(stateDirectory);
      return actuator.recordRefusal(refusal);
    },
  };
}
