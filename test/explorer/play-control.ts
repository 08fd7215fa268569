/** What actors do in a training control directory: everything is the real thing, waiting before every change of a file. */
import { toRecoveryError } from '../../src/core/errors.ts';
import type { Answers } from '../../src/core/plan/schema.ts';
import { makeSession } from '../../src/core/session/make-session.ts';
import { type FileOperations, systemFileOperations } from '../../src/platform/files/file-operations.ts';
import { makeTauActuator } from '../../src/sources/tau/act.ts';
import { makeTauPlace } from '../../src/sources/tau/read.ts';
import { repairTau } from '../../src/sources/tau/repair.ts';
import { gate, nowMs } from './gate.ts';
import type { Beginning, Ending, Part } from './thread-words.ts';

const CLOCK = { nowMs };
const POLICY = { type: 'none' } as const;

/** Waits before whatever others can see. */
const OPERATIONS: FileOperations = {
  ...systemFileOperations,
  rename(from, to) {
    gate(from.endsWith('.tmp') ? 'replace' : 'set aside');
    return systemFileOperations.rename(from, to);
  },
  openEnd(path) {
    gate('append');
    return systemFileOperations.openEnd(path);
  },
};

/** Plays a part to its end. `end` is the state that was seen of what was acted on, when it was. */
export async function playControl(
  beginning: Beginning,
  part: Extract<Part, { type: 'control' | 'repair' }>,
): Promise<Ending> {
  try {
    const end = part.type === 'repair' ? await repair(beginning) : await act(beginning, part.choice);
    return { codes: [], end };
  } catch (thrown) {
    return { codes: [toRecoveryError(thrown).code] };
  }
}

async function repair({ path, name }: Beginning): Promise<string> {
  gate('agree');
  const atMs = nowMs();
  await repairTau(path, {
    principal: name,
    reason: 'torn',
    atMs,
    actionId: name,
    operations: OPERATIONS,
  });
  return 'torn';
}

/** Errors: what the session refused with. */
async function act({ path, name }: Beginning, choice: 'pause' | 'cancel' | 'rollback'): Promise<string> {
  const answers: Answers = choice === 'rollback' ? { checkpoint: 'primary' } : {};
  const place = makeTauPlace(path, CLOCK);
  const session = makeSession((await place.sole()).id, {
    reader: place,
    clock: CLOCK,
    authority: { principal: name, policy: POLICY, readOnly: false, canAct: true },
    actuator: makeTauActuator({
      ...{ path, request: {}, clock: CLOCK, principal: name, policy: POLICY, version: '0' },
      words: { describeFinding: String, describeStep: String, describeWarning: String },
      makeId: () => name,
      stopGraceMs: 0,
      operations: OPERATIONS,
    }),
  });
  session.send({ type: 'inspect' });
  session.send({ type: 'choose', choice, answers });
  await session.idle();
  const planned = session.snapshot();
  if (planned.stage === 'refused') throw planned.error;
  if (planned.stage !== 'planned') throw new Error(`the session is ${planned.stage}`);
  gate('agree');
  const consent = { planDigest: planned.plan.digest, principal: name, atMs: nowMs(), form: 'flag' } as const;
  session.send({ type: 'approve', consent });
  await session.idle();
  const ended = session.snapshot();
  if (ended.stage === 'refused') throw ended.error;
  return planned.evidence.recorded.status;
}
