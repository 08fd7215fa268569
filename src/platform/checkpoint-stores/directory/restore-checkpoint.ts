import { isNewer } from '../../../core/checkpoint/choose-generation.ts';
import type { CheckpointHead } from '../../../core/checkpoint/schema.ts';
import { RecoveryError } from '../../../core/errors.ts';
import { judgeCheckpoint } from '../../checkpoint-formats/policy-json/judge-checkpoint.ts';
import { makeCheckpointReader } from '../../checkpoint-formats/policy-json/make-checkpoint-reader.ts';
import { digestFile } from '../../digest-file.ts';
import type { WritableFile } from '../../files/file-operations.ts';
import { makeFileWriter } from '../../files/make-file-writer.ts';
import { openRegularFile } from '../../files/open-regular-file.ts';
import { readChunks } from '../../files/read-chunks.ts';
import { judgeOld, keepAside, makeFallback, type StoreContext } from './generations.ts';
import { layoutOf } from './layout.ts';
import { makeRejectionError } from './load-checkpoint.ts';
import { type ReplaceOptions, replacePrimary } from './replace-primary.ts';

/** A checkpoint that is the primary again. `setAside` names what was there and is kept. */
export type RestoredCheckpoint = CheckpointHead & {
  readonly path: string;
  readonly sizeBytes: number;
  readonly setAside: readonly string[];
};

type Copied = { readonly head: CheckpointHead; readonly sizeBytes: number };

/**
 * Makes a chosen checkpoint the primary, byte for byte, in constant memory.
 *
 * Shapes: the old primary is kept aside, never as the fallback: being newer it would win over what was chosen. For the
 *         same reason a fallback that is invalid or not older is kept aside too, and the chosen one is then both.
 * Errors: the chosen file's own reason when it is not valid; CHECKPOINT_BUSY, CHECKPOINT_NOT_SAVED.
 * Source: design, rule 4; formats/tau 4 (a rollback is recorded there and never executed).
 */
export async function restoreCheckpoint(options: ReplaceOptions, from: string): Promise<RestoredCheckpoint> {
  const { written, setAside } = await replacePrimary(options, {
    write: (file) => copyChecked(from, file),
    rotate: (context, copied) => rotateByRestore(context, copied.head),
  });
  return { ...written.head, path: layoutOf(options.directory).primary, sizeBytes: written.sizeBytes, setAside };
}

async function copyChecked(from: string, to: WritableFile): Promise<Copied> {
  const opened = await openRegularFile(from);
  if (opened.type === 'problem') {
    const { found, reason } = opened.problem;
    const code = reason === 'missing' ? 'CHECKPOINT_MISSING' : 'CHECKPOINT_UNREADABLE';
    throw new RecoveryError(code, `${from}: ${found}`, { details: { path: from } });
  }
  try {
    const reader = makeCheckpointReader();
    const writer = makeFileWriter(to);
    // One byte more than there was: a file that grows is seen to.
    for await (const chunk of readChunks(opened.file, { startOffset: 0, endOffset: opened.sizeBytes + 1 })) {
      if (!reader.push(chunk)) break;
      await writer.append(chunk);
    }
    await writer.flush();
    const verdict = judgeCheckpoint({ ...reader.end(), path: from });
    if (verdict.type === 'rejected') throw makeRejectionError(verdict);
    return { head: verdict.head, sizeBytes: reader.offset() };
  } finally {
    await opened.file.close();
  }
}

async function rotateByRestore(context: StoreContext, chosen: CheckpointHead): Promise<readonly string[]> {
  const { primary, fallback, beside } = context.layout;
  const setAside: string[] = [];
  const oldPrimary = await judgeOld(context, primary);
  const oldFallback = await judgeOld(context, fallback);
  if (!isMissing(oldPrimary) && !(await isSame(primary, beside))) setAside.push(await keepAside(context, primary));
  if (oldFallback.type === 'valid' && (isNewer(chosen, oldFallback.head) || (await isSame(fallback, beside)))) {
    return setAside;
  }
  if (!isMissing(oldFallback)) setAside.push(await keepAside(context, fallback));
  // Before the primary: a crash between the two leaves the old primary, as if nothing had been restored.
  await linkAsFallback(context, beside);
  return setAside;
}

/** A primary that is made the primary again loses nothing. */
async function isSame(one: string, other: string): Promise<boolean> {
  return (await digestFile(one)).sha256 === (await digestFile(other)).sha256;
}

async function linkAsFallback(context: StoreContext, beside: string): Promise<void> {
  const { operations, layout } = context;
  await makeFallback(context, beside);
  const isMoved = (await operations.look(beside)).kind === 'missing';
  if (isMoved) throw new RecoveryError('CHECKPOINT_NOT_SAVED', `${layout.directory} cannot hold two names of one file`);
}

function isMissing(verdict: { readonly type: string; readonly code?: string }): boolean {
  return verdict.type === 'rejected' && verdict.code === 'CHECKPOINT_MISSING';
}
