/** The formats of checkpoints there are; whoever adds one adds a folder and a line. */
import {
  type CheckpointFiles,
  type CheckpointFormat,
  type JudgedCheckpoint,
  judgePath,
  type ReadFacts,
  type Sight,
} from '../../core/checkpoint/format.ts';
import { policyJson } from '../checkpoint-formats/policy-json/policy-json.ts';

/** A format whose facts are its own matter. */
export type KnownFormat = {
  readonly name: string;
  readonly detect: (sight: Sight) => boolean;
  readonly judge: (files: CheckpointFiles, path: string) => Promise<JudgedCheckpoint<ReadFacts>>;
};

/** Makes an entry of the registry. */
export function registerFormat<Facts extends ReadFacts>(format: CheckpointFormat<Facts>): KnownFormat {
  const { name, detect } = format;
  return { name, detect, judge: (files, path) => judgePath(format, files, path) };
}

/** What is of no format that is known is said to be a damaged one of this. */
const ANY = registerFormat(policyJson);

/** In the order they are asked, those with a beginning of their own first: JSON may be anything's. */
export const FORMATS: readonly KnownFormat[] = [ANY];

/** A checkpoint of any format, read and judged. */
export type InspectedCheckpoint = JudgedCheckpoint<ReadFacts> & { readonly format: string };

/** Reads and judges whatever stands at a path; nothing is changed. Errors: none; every reason is a value. */
export async function inspectAny(
  files: CheckpointFiles,
  path: string,
  formats: readonly KnownFormat[] = FORMATS,
): Promise<InspectedCheckpoint> {
  const sight = await files.look(path);
  const format = formats.find(({ detect }) => detect(sight)) ?? ANY;
  return { ...(await format.judge(files, path)), format: format.name };
}
