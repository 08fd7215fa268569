/** What a place that keeps checkpoints can do, and what it needs of the format that it keeps. */
import type { CheckpointFormat, JudgedCheckpoint, ReadFacts } from './format.ts';
import type { ValidCheckpoint } from './schema.ts';

/** Which generation a checkpoint is: the newest saved, or one before it. */
export type CheckpointSource = 'primary' | 'fallback';

/** Where a generation stands, whether or not anything is there. */
export type GenerationPlace = { readonly source: CheckpointSource; readonly path: string };

/** A format that a store can save: it says what its files are called, and checks bytes on their way. */
export type KeptFormat<Facts extends ReadFacts, Valid extends ValidCheckpoint> = CheckpointFormat<Facts, Valid> & {
  /** The primary is `<stem><ending>`. */
  readonly fileName: { readonly stem: string; readonly ending: string };
  readonly makeReader: () => CheckpointReader<Facts>;
};

/** Takes the bytes of one file as they come. `push` answers false once there is a problem and no more is needed. */
export type CheckpointReader<Facts extends ReadFacts> = {
  readonly push: (bytes: Uint8Array) => boolean;
  readonly end: (path: string) => Facts;
};

/** Where content is written: answers how many of the bytes were. Errors: the system's. */
export type CheckpointOutput = { readonly write: (bytes: Uint8Array, offset: number) => Promise<number> };

/** What was written. `digest` is the content's, in hex. */
export type WrittenContent = { readonly sizeBytes: number; readonly digest: string };

/** A checkpoint to save: what writes it, and what is known of it then without reading it again. */
export type CheckpointContent<Valid extends ValidCheckpoint> = {
  readonly write: (output: CheckpointOutput) => Promise<WrittenContent>;
  readonly describe: (path: string) => Valid;
};

/** A checkpoint that is saved. `setAside` names what was in the primary's place and was no valid checkpoint. */
export type SavedCheckpoint = WrittenContent & { readonly path: string; readonly setAside: readonly string[] };

/** A checkpoint that is the primary again. `setAside` names what was there and is kept. */
export type RestoredGeneration<Valid extends ValidCheckpoint> = {
  readonly checkpoint: Valid;
  readonly path: string;
  readonly sizeBytes: number;
  readonly setAside: readonly string[];
};

/** The generation to go on from. `notes` are for an operator: what was refused, and what was odd about the choice. */
export type LoadedGeneration<Facts extends ReadFacts, Valid extends ValidCheckpoint> = {
  readonly source: CheckpointSource;
  readonly judged: JudgedCheckpoint<Facts, Valid>;
  readonly checkpoint: Valid;
  readonly diagnostics: readonly string[];
};

/** A place that keeps generations of checkpoints of one format. At every instant one of them is valid. */
export type CheckpointStore<Facts extends ReadFacts, Valid extends ValidCheckpoint> = {
  /** Where its generations stand, the newest first. Errors: none. */
  readonly generations: () => readonly GenerationPlace[];
  /** The newest valid one, or the primary alone. Errors: as `loadNewest`. Nothing is changed. */
  readonly load: (options: { readonly fallback: boolean }) => Promise<LoadedGeneration<Facts, Valid>>;
  /** Saves as the primary; a valid old primary becomes the fallback. Errors: CHECKPOINT_BUSY, CHECKPOINT_NOT_SAVED. */
  readonly save: (content: CheckpointContent<Valid>) => Promise<SavedCheckpoint>;
  /** Makes a chosen file the primary, byte for byte. Errors: the file's own reason, and those of `save`. */
  readonly restore: (from: string) => Promise<RestoredGeneration<Valid>>;
};
