/** What a person decides about a training under someone else's control. */
import type { CheckpointEvidence } from '../../evidence/checkpoint-schema.ts';
import type { PlanInput } from '../../plan/choice-row.ts';
import { refuse } from '../../plan/common-rules.ts';
import type { Question } from '../../plan/schema.ts';

/** The command that starts the trainer again; without one nothing is started. */
export function askCommand(): readonly Question[] {
  const unanswered = refuse('COMMAND_MISSING', 'no command is named that starts the trainer');
  return [{ id: 'command', options: [], textKey: 't', isOptional: true, unanswered }];
}

/** What takes a generation in the console; of several leftovers the first has the key, and any has its path. */
const KEYS: Readonly<Record<CheckpointEvidence['source'], string>> = {
  primary: 'p',
  fallback: 'f',
  leftover: 'l',
  chosen: 'c',
  named: '',
};

/** Which checkpoint to go back to: one of those that load, or any other by its path. */
export function askCheckpoint({ evidence: { checkpoints = [] } }: PlanInput): readonly Question[] {
  const options = checkpoints
    .filter(({ source, problem }) => source !== 'named' && problem === undefined)
    .map(({ source, path }) => ({
      value: source === 'primary' || source === 'fallback' ? source : path,
      key: KEYS[source],
    }));
  const message = 'a rollback needs the checkpoint to go back to: a path, primary or fallback';
  const unanswered = refuse('CHECKPOINT_MISSING', message);
  return [{ id: 'checkpoint', options, textKey: 't', isOptional: false, unanswered }];
}
