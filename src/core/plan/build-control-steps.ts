/** What a choice does to a training control directory, as data. Source: formats/tau 3; decisions in docs/tau.md. */
import type { CheckpointEvidence, ControlFacts } from '../evidence/control-schema.ts';
import type { Evidence } from '../evidence/schema.ts';
import type { ChoiceContext } from './choice-context.ts';
import { findChosen, findNamed, formatActionKey } from './control-rules.ts';
import type { ControlStep, PlanChoice, PlanStep, PlanWarning } from './schema.ts';

/** The state each action leads to. Source: formats/tau 3. */
const TARGET_STATES: Readonly<Partial<Record<PlanChoice, string>>> = {
  pause: 'paused',
  resume: 'running',
  cancel: 'cancelled',
  rollback: 'rollback_requested',
};

/** The state an action leads to. */
export function targetState(choice: PlanChoice): string {
  return TARGET_STATES[choice] ?? 'running';
}

/**
 * The steps of a choice, in the order they are taken: report, state, restored checkpoint, audit row, trainers. The audit
 * row is last of the record, so that its absence tells of an action that was cut short.
 *
 * Errors: none; a choice that cannot be taken has no plan.
 */
export function buildControlSteps(context: ChoiceContext, control: ControlFacts): readonly PlanStep[] {
  const { choice, evidence } = context;
  const chosen = choice === 'resume' ? findChosen(control, evidence.checkpoints) : undefined;
  const named = choice === 'rollback' ? findNamed(evidence.checkpoints) : undefined;
  const moved = named ?? (control.restore.mustReplace ? chosen : undefined);
  const report = control.files.find(({ what }) => what === 'recovery_report')?.path ?? '';
  const isRecovery = choice === 'resume' || choice === 'cancel';
  return [
    ...(chosen ? [loadStep(chosen, evidence)] : []),
    ...(isRecovery ? [{ action: 'write_report', path: report } as const] : []),
    lifecycleStep(context, control),
    ...(moved
      ? [{ action: 'restore_checkpoint', path: moved.path, globalStep: moved.globalStep ?? '0' } as const]
      : []),
    ...(control.tornLine
      ? [{ action: 'repair_audit', line: control.tornLine.line, sizeBytes: control.tornLine.sizeBytes } as const]
      : []),
    { action: 'append_audit', actionKey: formatActionKey(choice) },
    ...endTrainers(choice, evidence),
    ...startTrainer(choice, control, chosen),
  ];
}

/** A cancelled job has no trainer of Salvor's left. */
function endTrainers(choice: PlanChoice, { orphans }: Evidence): readonly PlanStep[] {
  const pids = orphans.map((trainer) => trainer.pid);
  return choice === 'cancel' && pids.length > 0 ? [{ action: 'end_orphans', pids, what: 'trainer' }] : [];
}

function startTrainer(
  choice: PlanChoice,
  { command }: ControlFacts,
  chosen: CheckpointEvidence | undefined,
): readonly PlanStep[] {
  if (choice !== 'resume' || command === undefined) return [];
  const globalStep = chosen?.globalStep;
  return [{ action: 'start_trainer', command, ...(globalStep !== undefined && { globalStep }) }];
}

function loadStep(chosen: CheckpointEvidence, { checkpoints = [] }: Evidence): ControlStep {
  const { path, runId = '', globalStep = '0' } = chosen;
  const lost = countLostSteps(chosen, checkpoints);
  return {
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

function lifecycleStep({ choice, evidence }: ChoiceContext, control: ControlFacts): ControlStep {
  const to = targetState(choice);
  return { action: 'set_lifecycle', from: control.lifecycle, to, idempotent: isIdempotent(choice, control, evidence) };
}

/**
 * Whether an action changes nothing: the state and the rollback checkpoint are what they already were. Without a
 * recorded state the state counts as running. An idempotent action is written and audited all the same.
 *
 * Source: formats/tau 3, idempotency.
 */
export function isIdempotent(choice: PlanChoice, control: ControlFacts, { checkpoints }: Evidence): boolean {
  const before = control.lifecycle === 'missing' ? 'running' : control.lifecycle;
  const target = choice === 'rollback' ? findNamed(checkpoints)?.path : undefined;
  return before === targetState(choice) && control.rollbackCheckpoint === target;
}

/** What is counted of a log with a bad line ends there. */
function warnOfShortAudit({ audit: { broken, entryCount } }: Evidence): readonly PlanWarning[] {
  return broken ? [{ code: 'AUDIT_SHORT', count: entryCount, label: `line ${broken.sequence}` }] : [];
}

/** The format has a pause record a state, and nothing more: a trainer stops when it reads that and heeds it. */
function warnOfTrainer({ orphans }: Evidence): readonly PlanWarning[] {
  const label = orphans.map(({ pid }) => pid).join(', ');
  return label === '' ? [] : [{ code: 'TRAINER_GOES_ON', label }];
}

/** What to know before agreeing. */
export function warnOfControl(context: ChoiceContext, control: ControlFacts): readonly PlanWarning[] {
  const { choice, evidence, authority } = context;
  const policy = control.files.find(({ what }) => what === 'access_policy');
  const isOpen = authority.policy.type === 'none';
  const chosen = choice === 'rollback' ? findNamed(evidence.checkpoints) : findChosen(control, evidence.checkpoints);
  const isUsed = choice === 'rollback' || choice === 'resume';
  const isUnproven = isUsed && chosen?.grade === 'B';
  return [
    ...warnOfShortAudit(evidence),
    ...(choice === 'pause' ? warnOfTrainer(evidence) : []),
    ...(isOpen ? [{ code: 'ACCESS_OPEN', ...(policy && { label: policy.path }) } as const] : []),
    ...(choice === 'resume' ? [{ code: 'STATUS_ONLY' } as const] : []),
    ...(isUnproven ? [{ code: 'CHECKPOINT_UNPROVEN', label: chosen.path } as const] : []),
    ...(choice === 'resume' && control.command === undefined ? [{ code: 'NOTHING_STARTED' } as const] : []),
  ];
}
