/** What a person has to decide before a job with units goes on. */
import type { PlanInput } from '../../plan/choice-row.ts';
import { refuse } from '../../plan/common-rules.ts';
import type { Question } from '../../plan/schema.ts';
import { countAskable } from './count-asked-again.ts';

/** What becomes of processes that outlived their runner: two at once would act twice. Source: design, rule 2. */
export function askOrphans({ evidence: { orphans } }: PlanInput): readonly Question[] {
  if (orphans.length === 0) return [];
  const named = orphans.map(({ pid, command }) => `${pid} (${command})`).join(', ');
  const facts = orphans.map(({ pid, pidStartTicks, command, unitNumber }) => ({
    pid,
    pid_start_ticks: pidStartTicks,
    command,
    unit_number: unitNumber ?? null,
  }));
  const options = [
    { value: 'end', key: 'e' },
    { value: 'wait', key: 'w' },
  ];
  const message = `processes of the dead runner still work: ${named}`;
  const unanswered = refuse('ORPHAN_RUNNING', message, { orphans: facts });
  return [{ id: 'orphans', options, isOptional: false, unanswered }];
}

/** Whether the verify hook is asked about units under review as well. Source: decisions/0024. */
export function askVerify({ evidence: { units } }: PlanInput): readonly Question[] {
  if (countAskable(units) === 0) return [];
  const unanswered = refuse('REVIEW_NEEDED', 'units under review wait for a person');
  return [{ id: 'verify', options: [{ value: 'again', key: 'a' }], isOptional: true, unanswered }];
}
