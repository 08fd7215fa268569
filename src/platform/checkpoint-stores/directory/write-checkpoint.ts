import {
  DIGEST_FIELD,
  DIGEST_VALUE_OFFSET,
  DIGEST_ZEROS,
  formatDigestText,
} from '../../../core/checkpoint/digest-field.ts';
import type { CheckpointHead } from '../../../core/checkpoint/schema.ts';
import type { RecoveryError } from '../../../core/errors.ts';
import {
  type CheckpointReader,
  makeCheckpointReader,
} from '../../checkpoint-files/policy-json/make-checkpoint-reader.ts';
import { refuseInput } from './check-options.ts';
import type { WritableFile } from './file-operations.ts';
import { type FileWriter, makeFileWriter, writeAll } from './make-file-writer.ts';

/** A state's JSON text, chunk by chunk. */
export type StateText = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** What to write. */
export type CheckpointContent = {
  readonly head: CheckpointHead;
  readonly policyState: StateText;
  readonly optimizerState: StateText;
  readonly digest: boolean;
};

type Output = { readonly reader: CheckpointReader; readonly writer: FileWriter };

/** What was written. `digest` is the content digest in hex, whether the file holds it or not. */
export type WrittenContent = { readonly sizeBytes: number; readonly digest: string };

/**
 * Writes a checkpoint into a new file, in the format's own shape, checking every byte on its way.
 *
 * Shapes: pretty JSON, two spaces, no newline at the end; the states stand in it as they are given.
 * Errors: CHECKPOINT_INPUT_INVALID with state, place and reason, when a state is no JSON object that both sides can
 *         load; what the state's source throws; the system's.
 * Source: formats/tau 2.4.
 */
export async function writeCheckpoint(file: WritableFile, content: CheckpointContent): Promise<WrittenContent> {
  const { head } = content;
  const output = { reader: makeCheckpointReader(), writer: makeFileWriter(file) };
  const runId = JSON.stringify(head.runId);
  await append(output, `{\n  "checkpoint_version": ${head.version},\n  "run_id": ${runId},\n  "policy_state": `);
  await appendState(output, 'policy_state', content.policyState);
  await append(output, ',\n  "optimizer_state": ');
  await appendState(output, 'optimizer_state', content.optimizerState);
  await append(output, `,\n  "global_step": ${head.globalStep},\n  "optimizer_step": ${head.optimizerStep}`);
  await append(output, `,\n  "saved_at_unix_seconds": ${head.savedAtUnixSeconds}`);
  if (content.digest) await append(output, `,\n  "${DIGEST_FIELD}": ${formatDigestText(DIGEST_ZEROS)}`);
  await append(output, '\n}');
  await output.writer.flush();
  const { sizeBytes, computedDigest = '', fields } = output.reader.end();
  const digestStart = fields.get(DIGEST_FIELD)?.startOffset;
  if (digestStart !== undefined) await writeAll(file, Buffer.from(computedDigest), digestStart + DIGEST_VALUE_OFFSET);
  return { sizeBytes, digest: computedDigest };
}

async function append({ reader, writer }: Output, text: string): Promise<void> {
  const bytes = Buffer.from(text);
  reader.push(bytes);
  await writer.append(bytes);
}

async function appendState({ reader, writer }: Output, name: string, state: StateText): Promise<void> {
  const startOffset = reader.offset();
  for await (const bytes of state) {
    if (!reader.push(bytes)) break;
    await writer.append(bytes);
  }
  const problem = reader.problem();
  if (problem !== undefined) {
    const offset = problem.offset - startOffset;
    throw refuse(
      name,
      `is not valid at byte ${offset} (${problem.path}): expected ${problem.expected}, found ${problem.found}`,
    );
  }
  // Text that closes its object and goes on would write fields of its own beside the state.
  if (!reader.isBehindField(name)) throw refuse(name, 'must be one JSON object and nothing else');
  if (reader.typeOf(name) !== 'object')
    throw refuse(name, `must be a JSON object, and it is of type ${reader.typeOf(name)}`);
}

function refuse(field: string, why: string): RecoveryError {
  return refuseInput(`checkpoint field '${field}' ${why}`, { field });
}
