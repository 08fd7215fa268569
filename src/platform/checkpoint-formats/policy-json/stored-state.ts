import type { CheckpointFiles, OpenFile } from '../../../core/checkpoint/format.ts';
import type { ByteRange } from '../../../core/checkpoint/schema.ts';
import { RecoveryError } from '../../../core/errors.ts';
import type { NumberRange } from '../../exact-json/find-doubtful-numbers.ts';
import { parseValues } from '../../exact-json/parse-values.ts';
import { readChunks } from '../../files/read-chunks.ts';

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

/** Where a state stands, and in what. */
type StatePlace = {
  readonly files: CheckpointFiles;
  readonly path: string;
  /** That of the file when it was checked. */
  readonly identity: string;
  readonly range: ByteRange;
  /** Numbers of the file that `JSON.parse` may change; undefined when they are not known. */
  readonly doubtfulNumbers: readonly NumberRange[] | undefined;
};

/**
 * A state inside a checkpoint file.
 *
 * Errors: reading throws CHECKPOINT_CHANGED when the path holds another file by then, or the file was written to;
 *         CHECKPOINT_INEXACT when the text is longer than a string can be.
 */
export function makeStoredState(place: StatePlace): StoredState {
  const { startOffset, endOffset } = place.range;
  return {
    sizeBytes: endOffset - startOffset,
    chunks: () => readStateChunks(place),
    text: async () => (await readState(place)).toString('utf8'),
    values: async () => {
      const bytes = await readState(place);
      const doubtful = place.doubtfulNumbers
        ?.filter(([start]) => start >= startOffset && start < endOffset)
        .map(([start, end]): NumberRange => [start - startOffset, end - startOffset]);
      // Checked to be an object when the file was judged.
      return parseValues(bytes, doubtful) as Record<string, unknown>;
    },
  };
}

async function* readStateChunks(place: StatePlace): AsyncGenerator<Uint8Array> {
  const file = await openState(place);
  try {
    let sizeBytes = 0;
    for await (const chunk of readChunks(file, place.range)) {
      sizeBytes += chunk.length;
      yield chunk;
    }
    if (sizeBytes !== place.range.endOffset - place.range.startOffset) throw changed(place.path, 'a shorter file');
  } finally {
    await file.close();
  }
}

/** The whole text at once. */
async function readState(place: StatePlace): Promise<Buffer> {
  const { startOffset, endOffset } = place.range;
  const sizeBytes = endOffset - startOffset;
  if (sizeBytes > TEXT_LIMIT_BYTES) {
    throw new RecoveryError('CHECKPOINT_INEXACT', `the state of ${sizeBytes} bytes is longer than a string can be`);
  }
  const file = await openState(place);
  try {
    const buffer = Buffer.allocUnsafeSlow(sizeBytes);
    for (let filled = 0; filled < sizeBytes; ) {
      const bytesRead = await file.read(buffer.subarray(filled), startOffset + filled);
      if (bytesRead === 0) throw changed(place.path, 'a shorter file');
      filled += bytesRead;
    }
    // What is known of the bytes is known of those that were checked.
    if ((await file.readIdentity()) !== place.identity) throw changed(place.path, 'other content');
    return buffer;
  } finally {
    await file.close();
  }
}

async function openState({ files, path, identity }: StatePlace): Promise<OpenFile> {
  const opened = await files.open(path);
  if (opened.type === 'problem') throw changed(path, opened.problem.found);
  if (opened.file.identity === identity) return opened.file;
  await opened.file.close();
  throw changed(path, 'another file, or other content');
}

function changed(path: string, found: string): RecoveryError {
  return new RecoveryError('CHECKPOINT_CHANGED', `${path} is not the checkpoint that was loaded any more: ${found}`);
}
