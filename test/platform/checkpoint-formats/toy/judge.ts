import type { CheckpointVerdict } from '../../../../src/core/checkpoint/schema.ts';
import type { ToyFacts } from './read.ts';

/** Says whether the first line is one of this format and as many bytes follow as it says. */
export function judge({ path, sizeBytes, line = '', problem }: ToyFacts): CheckpointVerdict {
  if (problem) {
    const code = problem.reason === 'missing' ? 'CHECKPOINT_MISSING' : 'CHECKPOINT_UNREADABLE';
    return { type: 'rejected', code, path, message: problem.found, expected: 'a file', found: problem.found };
  }
  const [, step, payloadBytes] = /^TOY1 (\d{1,15}) (\d{1,15})$/.exec(line) ?? [];
  const expected = step === undefined ? 'TOY1, a step and a size' : `${line.length + 1 + Number(payloadBytes)} bytes`;
  const found = step === undefined ? line : `${sizeBytes} bytes`;
  if (expected !== found) {
    const message = `no whole toy: expected ${expected}, found ${found}`;
    return { type: 'rejected', code: 'CHECKPOINT_INVALID', path, message, offset: 0, expected, found };
  }
  return {
    type: 'valid',
    path,
    head: { globalStep: BigInt(step ?? 0) },
    progress: `step ${step}`,
    proved: ['structure'],
    notProved: ['digest'],
    missing: [],
  };
}
