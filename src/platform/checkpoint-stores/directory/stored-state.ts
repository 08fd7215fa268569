import type { ByteRange } from '../../../core/checkpoint/schema.ts';
import { RecoveryError } from '../../../core/errors.ts';
import { openRegularFile } from '../../checkpoint-files/policy-json/open-regular-file.ts';
import { readChunks } from '../../checkpoint-files/policy-json/read-chunks.ts';
import { parseValues } from './parse-values.ts';

/** A state as it stands in a checked file; it is read when it is asked for. */
export type StoredState = {
  readonly sizeBytes: number;
  /** Its JSON text, byte for byte, chunk by chunk: for states of any size. A chunk is good until the next one. */
  readonly chunks: () => AsyncGenerator<Uint8Array>;
  /** Its JSON text, byte for byte; for states below half a gigabyte. */
  readonly text: () => Promise<string>;
  /** Its values, none changed; see parse-values. */
  readonly values: () => Promise<Record<string, unknown>>;
};

/** The largest text a JavaScript string can hold is a little above this. */
const TEXT_LIMIT_BYTES = 2 ** 29 - 64;

/**
 * A state inside a checkpoint file.
 *
 * Shapes: `identity` is that of the file when it was checked.
 * Errors: reading throws CHECKPOINT_CHANGED when the path holds another file by then, or the file was written to;
 *         CHECKPOINT_INEXACT when the text is longer than a string can be.
 */
export function makeStoredState(path: string, identity: string, range: ByteRange): StoredState {
  const sizeBytes = range.endOffset - range.startOffset;
  const chunks = () => readStateChunks(path, identity, range);
  const bytes = async () => {
    if (sizeBytes > TEXT_LIMIT_BYTES) {
      throw new RecoveryError('CHECKPOINT_INEXACT', `the state of ${sizeBytes} bytes is longer than a string can be`);
    }
    const buffer = Buffer.allocUnsafeSlow(sizeBytes);
    let filled = 0;
    for await (const chunk of chunks()) {
      buffer.set(chunk, filled);
      filled += chunk.length;
    }
    return buffer;
  };
  return {
    sizeBytes,
    chunks,
    text: async () => (await bytes()).toString('utf8'),
    // Checked to be an object when the file was judged.
    values: async () => parseValues(await bytes()) as Record<string, unknown>,
  };
}

async function* readStateChunks(path: string, identity: string, range: ByteRange): AsyncGenerator<Uint8Array> {
  const opened = await openRegularFile(path);
  if (opened.type === 'problem') throw changed(path, opened.problem.found);
  try {
    if (opened.identity !== identity) throw changed(path, 'another file, or other content');
    let sizeBytes = 0;
    for await (const chunk of readChunks(opened.file, range)) {
      sizeBytes += chunk.length;
      yield chunk;
    }
    if (sizeBytes !== range.endOffset - range.startOffset) throw changed(path, 'a shorter file');
  } finally {
    await opened.file.close();
  }
}

function changed(path: string, found: string): RecoveryError {
  return new RecoveryError('CHECKPOINT_CHANGED', `${path} is not the checkpoint that was loaded any more: ${found}`);
}
