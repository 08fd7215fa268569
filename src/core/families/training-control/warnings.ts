/** What to know before agreeing to a choice about a training under someone else's control. */
import type { CheckpointEvidence } from '../../evidence/checkpoint-schema.ts';
import type { ChoiceContext } from '../../plan/choice-row.ts';
import type { PlanWarning } from '../../plan/schema.ts';
import { controlOf } from './control-of.ts';
import { findChosen, findNamed } from './rules.ts';

/** What every choice warns of: a log that is cut by a bad line, and an access policy that is not there. */
export function warnOfRecord({ evidence, authority }: ChoiceContext): readonly PlanWarning[] {
  const { broken, entryCount } = evidence.audit;
  const policy = evidence.files?.find(({ what }) => what === 'access_policy');
  const isOpen = authority.policy.type === 'none';
  return [
    ...(broken ? [{ code: 'AUDIT_SHORT', count: entryCount, label: `line ${broken.sequence}` } as const] : []),
    ...(isOpen ? [{ code: 'ACCESS_OPEN', ...(policy && { label: policy.path }) } as const] : []),
  ];
}

/** The format has a pause record a state, and nothing more: a trainer stops when it reads that and heeds it. */
export function warnOfPause(context: ChoiceContext): readonly PlanWarning[] {
  const label = context.evidence.orphans.map(({ pid }) => pid).join(', ');
  return [...(label === '' ? [] : [{ code: 'TRAINER_GOES_ON', label } as const]), ...warnOfRecord(context)];
}

/** What a resume warns of besides. */
export function warnOfResume(context: ChoiceContext): readonly PlanWarning[] {
  const { evidence, answers } = context;
  return [
    ...(controlOf(evidence).lost ? [{ code: 'STATE_LOST' } as const] : []),
    ...warnOfRecord(context),
    { code: 'STATUS_ONLY' },
    ...warnOfUnproven(findChosen(controlOf(evidence), evidence.checkpoints)),
    ...(answers['command'] === undefined ? [{ code: 'NOTHING_STARTED' } as const] : []),
  ];
}

/** What a rollback warns of besides. */
export function warnOfRollback(context: ChoiceContext): readonly PlanWarning[] {
  return [...warnOfRecord(context), ...warnOfUnproven(findNamed(context.evidence.checkpoints))];
}

function warnOfUnproven(taken: CheckpointEvidence | undefined): readonly PlanWarning[] {
  return taken?.grade === 'B' ? [{ code: 'CHECKPOINT_UNPROVEN', label: taken.path }] : [];
}
