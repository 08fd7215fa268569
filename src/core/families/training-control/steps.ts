/** What a choice does to a training under someone else's control, as data. Source: formats/tau 3; docs/tau.md. */
import type { CheckpointEvidence } from '../../evidence/checkpoint-schema.ts';
import type { Evidence } from '../../evidence/schema.ts';
import type { ActingChoice } from '../../job/schema.ts';
import type { ChoiceContext } from '../../plan/choice-row.ts';
import { controlOf } from './control-of.ts';
import { findChosen, findNamed, formatActionKey } from './rules.ts';
import type { ControlStep } from './schema.ts';

/** The state each action leads to. Source: formats/tau 3. */
const TARGET_STATES: Readonly<Partial<Record<ActingChoice, string>>> = {
  pause: 'paused',
  resume: 'running',
  cancel: 'cancelled',
  rollback: 'rollback_requested',
};

/** The state an action leads to. */
export function targetState(choice: ActingChoice): string {
  return TARGET_STATES[choice] ?? 'running';
}

/*
 * The steps of a choice are taken in the order report, state, restored checkpoint, audit row, trainers. The audit row is
 * last of the record, so that its absence tells of an action that was cut short.
 */

/** Replays the history, takes a checkpoint and goes on from it. */
export function resumeSteps(context: ChoiceContext): readonly ControlStep[] {
  const { evidence, answers } = context;
  const control = controlOf(evidence);
  const chosen = findChosen(control, evidence.checkpoints);
  const { command } = answers;
  const globalStep = chosen?.globalStep;
  return [
    ...(chosen ? [loadStep(chosen, evidence)] : []),
    reportStep(evidence),
    ...recordSteps(evidence, 'resume', control.restore.mustReplace ? chosen : undefined),
    ...(command === undefined
      ? []
      : [{ by: 'source', action: 'start_trainer', command, ...(globalStep !== undefined && { globalStep }) } as const]),
  ];
}

/** Records the job as paused. */
export function pauseSteps({ evidence }: ChoiceContext): readonly ControlStep[] {
  return recordSteps(evidence, 'pause', undefined);
}

/** Makes the checkpoint that was named the primary. */
export function rollbackSteps({ evidence }: ChoiceContext): readonly ControlStep[] {
  return recordSteps(evidence, 'rollback', findNamed(evidence.checkpoints));
}

/** Records the job as cancelled; no trainer of Salvor's is left of it. */
export function cancelSteps({ evidence }: ChoiceContext): readonly ControlStep[] {
  const pids = evidence.orphans.map((trainer) => trainer.pid);
  return [
    reportStep(evidence),
    ...recordSteps(evidence, 'cancel', undefined),
    ...(pids.length > 0 ? [{ by: 'source', action: 'end_trainers', pids } as const] : []),
  ];
}

function reportStep({ files = [] }: Evidence): ControlStep {
  const path = files.find(({ what }) => what === 'recovery_report')?.path ?? '';
  return { by: 'source', action: 'write_report', path };
}

function recordSteps(
  evidence: Evidence,
  choice: ActingChoice,
  moved: CheckpointEvidence | undefined,
): readonly ControlStep[] {
  const { lifecycle: from, tornLine } = controlOf(evidence);
  const by = 'source' as const;
  const idempotent = isIdempotent(choice, evidence);
  return [
    { by, action: 'set_lifecycle', from, to: targetState(choice), idempotent },
    ...(moved
      ? [{ by, action: 'restore_checkpoint', path: moved.path, globalStep: moved.globalStep ?? '0' } as const]
      : []),
    ...(tornLine ? [{ by, action: 'repair_audit', line: tornLine.line, sizeBytes: tornLine.sizeBytes } as const] : []),
    { by, action: 'append_audit', actionKey: formatActionKey(choice) },
  ];
}

function loadStep(chosen: CheckpointEvidence, { checkpoints = [] }: Evidence): ControlStep {
  const { path, runId = '', globalStep = '0' } = chosen;
  const lost = countLostSteps(chosen, checkpoints);
  return {
    by: 'source',
    action: 'load_checkpoint',
    source: chosen.source === 'named' ? 'chosen' : chosen.source,
    path,
    runId,
    globalStep,
    ...(lost !== undefined && { lostSteps: lost }),
  };
}

/** How many steps further another generation of the same run was; undefined when one that is refused does not say. */
function countLostSteps(chosen: CheckpointEvidence, all: readonly CheckpointEvidence[]): string | undefined {
  const others = all.filter(({ source }) => source !== 'named' && source !== chosen.source);
  const step = BigInt(chosen.globalStep ?? 0);
  let lost = 0n;
  for (const { problem, globalStep, runId } of others) {
    if (problem?.code === 'CHECKPOINT_MISSING') continue;
    if (problem && globalStep === undefined) return undefined;
    const isSameRun = runId === undefined || runId === chosen.runId;
    const further = isSameRun && globalStep !== undefined ? BigInt(globalStep) - step : 0n;
    if (further > lost) lost = further;
  }
  return lost.toString();
}

/**
 * Whether an action changes nothing: the state and the rollback checkpoint are what they already were. Without a
 * recorded state the state counts as running. An idempotent action is written and audited all the same.
 *
 * Source: formats/tau 3, idempotency.
 */
export function isIdempotent(choice: ActingChoice, evidence: Evidence): boolean {
  const control = controlOf(evidence);
  const before = control.lifecycle === 'missing' ? 'running' : control.lifecycle;
  const target = choice === 'rollback' ? findNamed(evidence.checkpoints)?.path : undefined;
  return before === targetState(choice) && control.rollbackCheckpoint === target;
}
