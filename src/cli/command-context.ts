import type { Config } from './config.ts';
import type { Output } from './output.ts';
import type { Asked } from './parse-args.ts';

/** What every command is given. `programPath` is the file that starts Salvor, for processes of its own. */
export type CommandContext = {
  readonly asked: Asked;
  readonly config: Config;
  readonly output: Output;
  readonly version: string;
  readonly programPath: string;
};
