import { RecoveryError } from '../../core/errors.ts';
import { formatExactJson } from '../../platform/exact-json/exact-json.ts';
import { wordsOf } from '../../present/families/registry.ts';
import { sourceOf } from '../../sources/registry.ts';
import type { CommandContext } from '../command-context.ts';
import { openDirectory } from '../open-places.ts';

/**
 * `salvor status DIR`: a directory in the form of its own format, its line or with --json its object. Changes nothing.
 *
 * Errors: TARGET_UNKNOWN, CONTROL_FILE_INVALID. Source: contract, commands; formats/tau 2.7.
 */
export async function runStatus({ asked, config, output }: CommandContext): Promise<number> {
  const target = asked.positionals[0] ?? '';
  const { ref, place } = await openDirectory(config, target, asked.texts.source);
  const answer = await sourceOf(place)?.status?.(place.path, config.principal);
  if (!answer) {
    const message = `${target} of source ${place.source} has no status in a form of its own`;
    throw new RecoveryError('TARGET_UNKNOWN', message, { details: { target } });
  }
  if (output.json) output.print(formatExactJson(answer, 2));
  else for (const line of [wordsOf(ref).answerLine?.(answer) ?? []].flat()) output.print(line);
  return 0;
}
