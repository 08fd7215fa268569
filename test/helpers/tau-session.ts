/** A recovery of a Tau state directory in this process, with file operations a test can stop. */
import type { Evidence } from '../../src/core/evidence/schema.ts';
import type { ActingChoice } from '../../src/core/job/schema.ts';
import type { AccessPolicy } from '../../src/core/plan/access.ts';
import { makeSession } from '../../src/core/session/make-session.ts';
import type { SessionState } from '../../src/core/session/schema.ts';
import { type FileOperations, systemFileOperations } from '../../src/platform/files/file-operations.ts';
import { describeFinding, describeStep, describeWarning } from '../../src/present/words.ts';
import { makeTauActuator } from '../../src/sources/tau/act.ts';
import { makeTauPlace } from '../../src/sources/tau/read.ts';

/** How to act; what is left out is the real thing. */
export type TauRun = {
  readonly checkpoint?: string;
  readonly command?: string;
  readonly policy?: AccessPolicy;
  readonly principal?: string;
  readonly operations?: FileOperations;
  /** The program that stays beside a trainer for which nobody waits. */
  readonly watcherPath?: string;
  /** Comes between the plan and consent to it. */
  readonly beforeConsent?: () => void | Promise<void>;
};

let clockMs = 1_770_000_000_000;
/** Every look at the clock is a second later. */
const clock = {
  nowMs: () => {
    clockMs += 1_000;
    return clockMs;
  },
};
let ids = 0;

/** Takes a choice from the first look to its end, and answers the last state of the session. */
export async function actOnTauFolder(path: string, choice: ActingChoice, run: TauRun = {}): Promise<SessionState> {
  const { policy = { type: 'none' }, principal = 'local:test', operations = systemFileOperations } = run;
  const answers = {
    ...(run.checkpoint !== undefined && { checkpoint: run.checkpoint }),
    ...(run.command !== undefined && { command: run.command }),
  };
  const place = makeTauPlace(path, clock);
  const actuator = makeTauActuator({
    path,
    request: {},
    clock,
    principal,
    policy,
    version: '0.0.0-test',
    words: { describeFinding, describeStep, describeWarning },
    makeId: () => {
      ids += 1;
      return `id-${ids}`;
    },
    ...(run.watcherPath !== undefined && { programPath: run.watcherPath }),
    stopGraceMs: 10_000,
    operations,
  });
  const authority = { principal, policy, readOnly: false, canAct: true };
  const session = makeSession((await place.sole()).id, { reader: place, clock, authority, actuator });
  session.send({ type: 'inspect' });
  await session.idle();
  session.send({ type: 'choose', choice, answers });
  await session.idle();
  const planned = session.snapshot();
  if (planned.stage !== 'planned') return planned;
  await run.beforeConsent?.();
  const consent = { planDigest: planned.plan.digest, principal, atMs: clock.nowMs(), form: 'flag' } as const;
  session.send({ type: 'approve', consent });
  await session.idle();
  return session.snapshot();
}

/** Looks at a directory. */
export async function lookAtTauFolder(path: string, checkpoint?: string): Promise<Evidence> {
  const place = makeTauPlace(path, clock);
  return place.collect((await place.sole()).id, checkpoint === undefined ? {} : { checkpoint });
}
