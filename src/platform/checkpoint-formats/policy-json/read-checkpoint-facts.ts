import type { ReadProblem } from '../../../core/checkpoint/schema.ts';
import type { NumberRange } from '../../exact-json/find-doubtful-numbers.ts';
import { type LinkRule, openRegularFile, readIdentity } from '../../files/open-regular-file.ts';
import { readChunks } from '../../files/read-chunks.ts';
import { makeCheckpointReader } from './make-checkpoint-reader.ts';
import type { CheckpointFacts } from './schema.ts';

/**
 * The facts of one file, and which file it was when they were read. `doubtfulNumbers` are the places of those that
 * `JSON.parse` may change; absent when there are too many to be noted.
 */
export type ReadCheckpoint = {
  readonly facts: CheckpointFacts;
  readonly identity?: string;
  readonly doubtfulNumbers?: readonly NumberRange[];
};

/**
 * Reads what there is to know of a checkpoint file, of any size in constant memory, and changes nothing.
 *
 * Errors: none; what went wrong is part of the facts.
 * Source: formats/tau 2.4; design, rule 4.
 */
export async function readCheckpointFacts(path: string, links?: LinkRule): Promise<ReadCheckpoint> {
  const opened = await openRegularFile(path, links);
  if (opened.type === 'problem') return { facts: unread(path, 0, opened.problem) };
  const { file, sizeBytes, identity } = opened;
  try {
    const reader = makeCheckpointReader();
    // One byte more than there was: a file that grows is seen to.
    for await (const chunk of readChunks(file, { startOffset: 0, endOffset: sizeBytes + 1 })) {
      if (!reader.push(chunk)) break;
    }
    const facts = reader.end();
    const isWhole = facts.jsonProblem !== undefined || facts.sizeBytes === sizeBytes;
    if (!isWhole || (await readIdentity(file)) !== identity) {
      return { facts: unread(path, sizeBytes, { reason: 'changed', found: 'it changed while it was read' }) };
    }
    const doubtfulNumbers = reader.doubtfulNumbers();
    const read = { facts: { ...facts, path, sizeBytes }, identity };
    return doubtfulNumbers === undefined ? read : { ...read, doubtfulNumbers };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return { facts: unread(path, sizeBytes, { reason: 'read_failed', found: `reading it failed (${code})`, code }) };
  } finally {
    await file.close();
  }
}

function unread(path: string, sizeBytes: number, readProblem: ReadProblem): CheckpointFacts {
  return { path, sizeBytes, fields: new Map(), readProblem };
}
