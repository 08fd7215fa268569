/** JSON text that is written as it is, byte for byte. */
export type JsonText = string | Uint8Array | AsyncIterable<Uint8Array>;

/** A state given as JSON text instead of a value. */
export class RawJson {
  readonly text: JsonText;

  constructor(text: JsonText) {
    this.text = text;
  }

  /** The bytes, chunk by chunk. Errors: those of the source. */
  async *chunks(): AsyncGenerator<Uint8Array> {
    if (typeof this.text === 'string') yield Buffer.from(this.text);
    else if (this.text instanceof Uint8Array) yield this.text;
    else yield* this.text;
  }
}
