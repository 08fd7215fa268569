import { describeType, refuseInput } from './check-options.ts';

/** JSON text that is written as it is, byte for byte. */
export type JsonText = string | Uint8Array | AsyncIterable<Uint8Array>;

/** A state given as JSON text instead of a value. */
export class RawJson {
  readonly text: JsonText;

  /** Errors: CHECKPOINT_INPUT_INVALID for what is neither text nor a source of bytes. */
  constructor(text: JsonText) {
    if (!isJsonText(text)) {
      throw refuseInput(
        `rawJson: the text must be a string, bytes or a stream of bytes, and it is ${describeType(text)}`,
      );
    }
    this.text = text;
  }

  /** The bytes, chunk by chunk. Errors: those of the source; CHECKPOINT_INPUT_INVALID for a chunk that is no bytes. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    if (typeof this.text === 'string') yield Buffer.from(this.text);
    else if (this.text instanceof Uint8Array) yield this.text;
    else yield* checkChunks(this.text);
  }
}

function isJsonText(text: unknown): boolean {
  if (typeof text === 'string' || text instanceof Uint8Array) return true;
  return typeof text === 'object' && text !== null && Symbol.asyncIterator in text;
}

async function* checkChunks(chunks: AsyncIterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    // A stream that decodes would cut characters in two, or write them in another encoding.
    if (!(chunk instanceof Uint8Array))
      throw refuseInput(`rawJson: a chunk must be bytes, and it is ${describeType(chunk)}`);
    yield chunk;
  }
}
