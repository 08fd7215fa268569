import type { TrainerEnd } from './schema.ts';

/** How a trainer ended, after "the trainer". Errors: none; a signal is a name of the system's. */
export function describeTrainerEnd({ exitCode, signal }: Pick<TrainerEnd, 'exitCode' | 'signal'>): string {
  return signal === undefined ? `ended with exit code ${exitCode ?? 'unknown'}` : `was ended by ${signal}`;
}
