/** Agreeing by typing: the name of the job as it is displayed, or its id where that name cannot be typed. */
import type { Plan } from '../../core/plan/schema.ts';
import { safeText } from '../../present/safe-text.ts';
import { insertText } from './edit-text.ts';

/** The longest name that is asked for. Unit: characters; a longer one is shown cut, and its id is shorter anyway. */
const NAME_LIMIT = 200;

/** What has to be typed to agree; `text` is safe for a terminal. */
export type TypedWord = { readonly what: 'name' | 'id'; readonly text: string; readonly isPlain: boolean };

type Named = Pick<Plan, 'jobName' | 'jobId'>;

/**
 * Says what has to be typed: the name when what is displayed is the whole name and a text field takes every character
 * of it; else the id, which is plain. Errors: none.
 */
export function chooseTypedWord({ jobName, jobId }: Named): TypedWord {
  const text = safeText(jobName, NAME_LIMIT);
  const isWhole = text !== '' && sameWord(text, jobName) && insertText('', text) === text;
  if (!isWhole) return { what: 'id', text: safeText(jobId, NAME_LIMIT), isPlain: true };
  return { what: 'name', text, isPlain: /^[ -~]*$/u.test(text) };
}

/**
 * The name or id that was typed, as the job has it; undefined when it is neither. The id agrees too where the name is
 * asked for: not every keyboard has every name.
 */
export function matchTyped(named: Named, typed: string): string | undefined {
  if (sameWord(typed, named.jobId)) return named.jobId;
  return chooseTypedWord(named).what === 'name' && sameWord(typed, named.jobName) ? named.jobName : undefined;
}

/** The same as far as an eye can tell: composed alike, blanks of any kind one space, none at the ends. */
function sameWord(left: string, right: string): boolean {
  const plain = (text: string): string => text.normalize('NFC').replaceAll(/\s+/gu, ' ').trim();
  return plain(left) === plain(right) && plain(left) !== '';
}
