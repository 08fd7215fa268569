/**
 * States of a recovery session, one job at a time:
 * collecting -> diagnosed -> planned -> executing -> reported; refused comes back to diagnosed by looking again.
 */
import type { Diagnosis } from '../diagnosis/schema.ts';
import type { RecoveryError } from '../errors.ts';
import type { Evidence } from '../evidence/schema.ts';
import type { StepResult } from '../execution/schema.ts';
import type { StopSignal } from '../execution/stop-signals.ts';
import type { ActingChoice, JobError, Progress } from '../job/schema.ts';
import type { Answers, Consent, Plan, Proposals } from '../plan/schema.ts';
import type { ForeignAnswer, SeenUnit, SettledAs, SettledUnit } from '../ports.ts';
import type { RecoveryReport } from '../report/schema.ts';

/** What was seen, and what each choice would do. */
export type Looked = { readonly evidence: Evidence; readonly diagnosis: Diagnosis; readonly proposals: Proposals };

/** Where a session is, with all that is known there. */
export type SessionState =
  | { readonly stage: 'collecting'; readonly jobId: string }
  /** `settled` are the units of the settle that led here. */
  | ({ readonly stage: 'diagnosed'; readonly settled?: readonly SettledUnit[] } & Looked)
  | ({ readonly stage: 'planned'; readonly plan: Plan } & Looked)
  | ({
      readonly stage: 'executing';
      readonly plan: Plan;
      readonly steps: readonly StepResult[];
      readonly progress: Progress;
      readonly progressBefore: Progress;
      readonly startedAtMs: number;
      readonly lastUnit?: { readonly number: number; readonly key: string; readonly receipt?: string };
      readonly lastLine?: string;
      /** A stop was asked for; the unit in hand is finished first. */
      readonly stopping: boolean;
    } & Looked)
  | {
      readonly stage: 'reported';
      readonly report: RecoveryReport;
      readonly reportPath: string | undefined;
      /** Why the execution ended short, when it did. */
      readonly error?: JobError;
      readonly foreign?: ForeignAnswer;
      readonly steps: readonly StepResult[];
    }
  | {
      readonly stage: 'refused';
      readonly error: RecoveryError;
      readonly looked?: Looked;
      /** Units that were settled before the look that failed. */
      readonly settled?: readonly SettledUnit[];
    };

/** What a person or a script may say to a session; everything else it does by itself. */
export type SessionCommand =
  | { readonly type: 'inspect' }
  /** `answers` are those that are known before anything was asked. */
  | { readonly type: 'choose'; readonly choice: ActingChoice; readonly answers?: Answers }
  | { readonly type: 'answer'; readonly questionId: string; readonly value: string }
  | { readonly type: 'approve'; readonly consent: Consent }
  | {
      readonly type: 'settle';
      readonly units: readonly SeenUnit[];
      readonly as: SettledAs;
      readonly receipt?: string;
      readonly reason: string;
    }
  | { readonly type: 'back' }
  /** Ask a running execution to stop after the unit in hand. */
  | { readonly type: 'stop'; readonly signal?: StopSignal }
  /** Leave a running execution to itself; it goes on without this session. */
  | { readonly type: 'detach' };

/** The waist between the core and its faces: console and scripts drive the very same object. Source: style 2.8. */
export type Session = {
  readonly snapshot: () => SessionState;
  readonly subscribe: (onChange: () => void) => () => void;
  readonly send: (command: SessionCommand) => void;
  /** Resolves when nothing is under way. */
  readonly idle: () => Promise<void>;
};
