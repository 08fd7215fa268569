/** What a format of checkpoints answers, and what it may ask of the place where they stand. */
import type { CheckpointHead, ReadProblem, Rejection, ValidCheckpoint } from './schema.ts';

/**
 * What is seen of a path before anything of it is taken for a checkpoint. `firstBytes` are of a file, at most
 * SIGHT_BYTES; `names` are of a directory, at most SIGHT_NAMES, in no order.
 */
export type Sight = {
  readonly path: string;
  readonly kind: 'missing' | 'file' | 'directory' | 'other';
  readonly sizeBytes: number;
  readonly firstBytes: Uint8Array;
  readonly names: readonly string[];
};

/** How much of a file is seen before it is read. */
export const SIGHT_BYTES = 4096;
/** How many names of a directory are seen. */
export const SIGHT_NAMES = 10_000;

/** An open file. `identity` changes when the path is given to another file, and when the file is written to. */
export type OpenFile = {
  readonly sizeBytes: number;
  readonly identity: string;
  /** Reads bytes from an offset of the file and answers how many came; 0 at its end. Errors: the system's. */
  readonly read: (into: Uint8Array, offset: number) => Promise<number>;
  /** The identity as it is now. Errors: the system's. */
  readonly readIdentity: () => Promise<string>;
  readonly close: () => Promise<void>;
};

/** An open file, or why there is none. */
export type OpenedFile =
  | { readonly type: 'open'; readonly file: OpenFile }
  | { readonly type: 'problem'; readonly problem: ReadProblem };

/** Files as a format may reach them: it looks and reads, and nothing is waited for or changed. Errors: none. */
export type CheckpointFiles = {
  readonly look: (path: string) => Promise<Sight>;
  readonly open: (path: string) => Promise<OpenedFile>;
};

/**
 * What every format reads. `sha256` is of the whole, in hex; it and `identity` are absent when reading stopped. `claims` is
 * what it says of itself, be it damaged or not: nobody vouches for it.
 */
export type ReadFacts = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256?: string;
  readonly identity?: string;
  readonly claims?: CheckpointHead;
};

/** A format of checkpoints: a folder under platform/checkpoint-formats and a line of its registry. */
export type CheckpointFormat<Facts extends ReadFacts, Valid extends ValidCheckpoint = ValidCheckpoint> = {
  /** As `checkpoint inspect --json` names it. */
  readonly name: string;
  /** Whether what stands there is of this format, whole or damaged. Errors: none. */
  readonly detect: (sight: Sight) => boolean;
  /** Reads what there is to know, of any size in constant memory. Errors: none; what went wrong is part of the facts. */
  readonly read: (files: CheckpointFiles, path: string) => Promise<Facts>;
  /** Says what is wrong, or what is there. Errors: none. */
  readonly judge: (facts: Facts) => Valid | Rejection;
};

/** A checkpoint, read and judged. */
export type JudgedCheckpoint<Facts extends ReadFacts, Valid extends ValidCheckpoint = ValidCheckpoint> = {
  readonly facts: Facts;
  readonly verdict: Valid | Rejection;
};

/** Reads and judges a path as a checkpoint of a format. Errors: none; every reason is a value. */
export async function judgePath<Facts extends ReadFacts, Valid extends ValidCheckpoint>(
  { read, judge }: CheckpointFormat<Facts, Valid>,
  files: CheckpointFiles,
  path: string,
): Promise<JudgedCheckpoint<Facts, Valid>> {
  const facts = await read(files, path);
  return { facts, verdict: judge(facts) };
}
