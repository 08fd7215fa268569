import { formatExactJson } from '../../platform/exact-json/exact-json.ts';
import { formatControlLine } from '../../present/families/training-control/answer-line.ts';
import type { CommandContext } from '../command-context.ts';
import { openDirectory } from '../open-places.ts';

/**
 * `salvor status DIR`: a Tau directory in Tau's own form, its line or with --json its object. Changes nothing.
 *
 * Errors: TARGET_UNKNOWN, CONTROL_FILE_INVALID. Source: contract, commands; formats/tau 2.7.
 */
export async function runStatus({ asked, config, output }: CommandContext): Promise<number> {
  const { place } = await openDirectory(config, asked.positionals[0] ?? '', asked.texts.source);
  const { readStatusAnswer } = await import('../../sources/tau/read-status-answer.ts');
  const answer = await readStatusAnswer(place.path, config.principal);
  output.print(output.json ? formatExactJson(answer, 2) : formatControlLine({ ...answer }));
  return 0;
}
