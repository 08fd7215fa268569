import type { CheckpointFiles } from '../../../core/checkpoint/format.ts';
import type { CheckpointHead, ReadProblem } from '../../../core/checkpoint/schema.ts';
import { readChunks } from '../../files/read-chunks.ts';
import { makeReader } from './make-reader.ts';
import type { PolicyFacts } from './schema.ts';

/**
 * Reads what there is to know of a checkpoint file, of any size in constant memory, and changes nothing.
 *
 * Errors: none; what went wrong is part of the facts.
 * Source: formats/tau 2.4; design, rule 4.
 */
export async function read(files: CheckpointFiles, path: string): Promise<PolicyFacts> {
  const opened = await files.open(path);
  if (opened.type === 'problem') return unread(path, 0, opened.problem);
  const { file } = opened;
  const { sizeBytes, identity } = file;
  try {
    const reader = makeReader();
    // One byte more than there was: a file that grows is seen to.
    for await (const chunk of readChunks(file, { startOffset: 0, endOffset: sizeBytes + 1 })) {
      if (!reader.push(chunk)) break;
    }
    const facts = reader.end(path);
    const isWhole = facts.jsonProblem !== undefined || facts.sizeBytes === sizeBytes;
    if (!isWhole || (await file.readIdentity()) !== identity) {
      return unread(path, sizeBytes, { reason: 'changed', found: 'it changed while it was read' });
    }
    return { ...facts, sizeBytes, identity, claims: readClaims(facts) };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    return unread(path, sizeBytes, { reason: 'read_failed', found: `reading it failed (${code})`, code });
  } finally {
    await file.close();
  }
}

/** What a checkpoint says of itself, where that can be read. */
function readClaims({ fields }: PolicyFacts): CheckpointHead {
  const readStep = (name: string): bigint | undefined => {
    const text = fields.get(name)?.text;
    return text !== undefined && /^[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
  };
  const runId = fields.get('run_id');
  const [globalStep, optimizerStep] = [readStep('global_step'), readStep('optimizer_step')];
  return {
    ...(runId?.type === 'string' && runId.text !== undefined && { runId: String(JSON.parse(runId.text)) }),
    ...(globalStep !== undefined && { globalStep }),
    ...(optimizerStep !== undefined && { optimizerStep }),
  };
}

function unread(path: string, sizeBytes: number, readProblem: ReadProblem): PolicyFacts {
  return { path, sizeBytes, fields: new Map(), readProblem };
}
