/** Ports of a session that say what they were asked, and fail on whatever nobody expected. */
import { RecoveryError } from '../../src/core/errors.ts';
import type { Evidence } from '../../src/core/evidence/schema.ts';
import type { ExecutionEvent } from '../../src/core/execution/schema.ts';
import type { Actuator, Execution } from '../../src/core/ports.ts';
import type { SessionPorts } from '../../src/core/session/session-context.ts';
import { ANYBODY } from './evidence-builders.ts';
import { SAMPLE_MS, sampleEvidence } from './sample-evidence.ts';

/** What an execution came to. */
export type Done = Awaited<Execution['done']>;

/** One execution that waits for its end to be said. */
export type Started = {
  readonly tell: (event: ExecutionEvent) => void;
  readonly end: (done: Done) => void;
  readonly fail: (error: unknown) => void;
  readonly asked: readonly string[];
};

/** What the ports were asked, in order, and what is under way. */
export type ScriptedPorts = {
  readonly ports: SessionPorts;
  readonly calls: readonly string[];
  readonly refusals: readonly Parameters<Actuator['recordRefusal']>[0][];
  /** Resolves once an execution was started. */
  readonly started: Promise<Started>;
};

/** What is to be read, and which acts are expected; an act that is not is an error. */
export type Script = {
  /** Each look takes the next; the last one stays. */
  readonly looks?: readonly (Evidence | RecoveryError)[];
  readonly start?: 'wait' | RecoveryError;
  readonly settle?: 'ok' | RecoveryError;
  readonly refusals?: 'ok' | 'unwritable';
  readonly withoutActuator?: true;
  readonly authority?: Partial<SessionPorts['authority']>;
};

/** Makes the ports of one session. */
export function makeScriptedPorts(script: Script = {}): ScriptedPorts {
  const { looks = [sampleEvidence()], authority } = script;
  const calls: string[] = [];
  const refusals: Parameters<Actuator['recordRefusal']>[0][] = [];
  const { promise: started, resolve: tellStarted } = Promise.withResolvers<Started>();
  let lookCount = 0;
  const actuator: Actuator = {
    start(approved, onEvent) {
      calls.push(`start ${approved.plan.choice}`);
      if (script.start === undefined) throw new Error('nobody expected a start');
      if (script.start !== 'wait') throw script.start;
      const { promise: done, resolve: end, reject: fail } = Promise.withResolvers<Done>();
      const asked: string[] = [];
      tellStarted({ tell: onEvent, end, fail, asked });
      return { done, stop: (signal) => void asked.push(`stop ${signal}`), detach: () => void asked.push('detach') };
    },
    async settle(request) {
      calls.push(`settle ${JSON.stringify(request)}`);
      if (script.settle === undefined) throw new Error('nobody expected a settle');
      if (script.settle !== 'ok') throw script.settle;
      return request.units.map(({ number }) => ({ number, key: `A${number}`, was: 'in_doubt', now: request.as }));
    },
    async recordRefusal(refusal) {
      refusals.push(refusal);
      if (script.refusals === undefined) throw new Error('nobody expected a refusal');
      if (script.refusals === 'unwritable') throw new RecoveryError('STATE_UNWRITABLE', 'the disk is full');
    },
  };
  const ports: SessionPorts = {
    reader: {
      async collect(jobId) {
        calls.push(`collect ${jobId}`);
        const look = looks[Math.min(lookCount, looks.length - 1)];
        lookCount += 1;
        if (look instanceof RecoveryError || look === undefined) throw look;
        return look;
      },
    },
    clock: { nowMs: () => SAMPLE_MS },
    authority: { ...ANYBODY, ...authority },
    ...(script.withoutActuator ? {} : { actuator }),
  };
  return { ports, calls, refusals, started };
}
