/** Verify hooks that give no answer: how long they are asked, and how that is told. */
import type { JobError } from '../job/schema.ts';
import type { UnitEngine, UnitWork, VerifyOutcome } from './unit-engine.ts';

/**
 * How often a hook is asked about a row and gives no answer before the row waits for a person. It is asked once in a
 * run, so that a hook that is down for a moment costs one of them. Source: decisions/0024.
 */
export const UNANSWERED_LIMIT = 3;

/** How many times in a row a hook may be down before it is not asked any more in a run. Source: decisions/0024. */
export const DOWN_LIMIT = 3;

/** The error of a row whose hook gave no answer `times` times by now. Errors: none. */
export function describeUnanswered(error: JobError, times: number): JobError {
  if (times === 0) return { code: error.code, message: `verify: not asked: ${error.message}` };
  const asked = times === 1 ? 'once' : `${times} times`;
  return { code: error.code, message: `verify: asked ${asked}, no answer: ${error.message}` };
}

/** The error of a row in doubt, which stays what it is, with what its hook said of it. Errors: none. */
export function addToError(error: JobError, said: JobError): JobError {
  return { code: error.code, message: `${error.message}; ${said.message}` };
}

/** The error of a run that ended with rows still in doubt, `unasked` of which its hook was not asked about. Errors: none. */
export function describeLeftInDoubt(count: number, unasked: number): JobError {
  const rows = count === 1 ? '1 row' : `${count} rows`;
  const rest = unasked === 0 ? '' : ` and was not asked about ${unasked} of them`;
  const message = `the outcome of ${rows} is not known yet: the verify hook gave no answer${rest}`;
  return { code: 'VERIFY_UNANSWERED', message };
}

/**
 * Makes an engine whose hook is not asked any more in this run after it was down several times in a row: `unasked` from
 * then on. An exit code that is no answer is one that came at once, and the next row may have one.
 *
 * Errors: those of the engine.
 * Source: decisions/0024.
 */
export function restrainVerify(engine: UnitEngine): UnitEngine {
  const { verify } = engine;
  if (!verify) return engine;
  let downInRow = 0;
  const ask = async (work: UnitWork): Promise<VerifyOutcome> => {
    if (downInRow >= DOWN_LIMIT) {
      const message = `the hook did not answer ${DOWN_LIMIT} times in a row in this run`;
      return { type: 'unasked', error: { code: 'VERIFY_UNANSWERED', message } };
    }
    const verdict = await verify(work);
    downInRow = verdict.type === 'unanswered' && verdict.isDown ? downInRow + 1 : 0;
    return verdict;
  };
  return { ...engine, verify: ask };
}
