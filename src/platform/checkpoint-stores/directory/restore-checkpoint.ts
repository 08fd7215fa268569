import { isNewer } from '../../../core/checkpoint/choose-generation.ts';
import type { ReadFacts } from '../../../core/checkpoint/format.ts';
import { makeRejectionError } from '../../../core/checkpoint/load-newest.ts';
import type { CheckpointHead, ValidCheckpoint } from '../../../core/checkpoint/schema.ts';
import type { KeptFormat, RestoredGeneration } from '../../../core/checkpoint/store.ts';
import { RecoveryError } from '../../../core/errors.ts';
import { digestFile } from '../../digest-file.ts';
import type { WritableFile } from '../../files/file-operations.ts';
import { hostFiles } from '../../files/host-files.ts';
import { makeFileWriter } from '../../files/make-file-writer.ts';
import { readChunks } from '../../files/read-chunks.ts';
import { judgeOld, keepAside, makeFallback, type StoreContext } from './generations.ts';
import { type ReplaceOptions, replacePrimary } from './replace-primary.ts';

type Copied<Valid> = { readonly checkpoint: Valid; readonly sizeBytes: number };

/**
 * Makes a chosen checkpoint the primary, byte for byte, in constant memory.
 *
 * Shapes: the old primary is kept aside, never as the fallback: being newer it would win over what was chosen. For the
 *         same reason a fallback that is invalid or not older is kept aside too, and the chosen one is then both.
 * Errors: the chosen file's own reason when it is not valid; CHECKPOINT_BUSY, CHECKPOINT_NOT_SAVED.
 * Source: design, rule 4; formats/tau 4 (a rollback is recorded there and never executed).
 */
export async function restoreCheckpoint<Facts extends ReadFacts, Valid extends ValidCheckpoint>(
  format: KeptFormat<Facts, Valid>,
  options: ReplaceOptions,
  from: string,
): Promise<RestoredGeneration<Valid>> {
  const { written, setAside } = await replacePrimary(options, {
    write: (file) => copyChecked(format, from, file),
    rotate: (context, { checkpoint }) => rotateByRestore(context, checkpoint.head),
  });
  return { ...written, path: options.layout.primary, setAside };
}

async function copyChecked<Facts extends ReadFacts, Valid extends ValidCheckpoint>(
  { makeReader, judge }: KeptFormat<Facts, Valid>,
  from: string,
  to: WritableFile,
): Promise<Copied<Valid>> {
  const opened = await hostFiles.open(from);
  if (opened.type === 'problem') {
    const { found, reason } = opened.problem;
    const code = reason === 'missing' ? 'CHECKPOINT_MISSING' : 'CHECKPOINT_UNREADABLE';
    throw new RecoveryError(code, `${from}: ${found}`, { details: { path: from } });
  }
  const { file } = opened;
  try {
    const reader = makeReader();
    const writer = makeFileWriter(to);
    // One byte more than there was: a file that grows is seen to.
    for await (const chunk of readChunks(file, { startOffset: 0, endOffset: file.sizeBytes + 1 })) {
      if (!reader.push(chunk)) break;
      await writer.append(chunk);
    }
    await writer.flush();
    const facts = reader.end(from);
    const verdict = judge(facts);
    if (verdict.type === 'rejected') throw makeRejectionError(verdict);
    return { checkpoint: verdict, sizeBytes: facts.sizeBytes };
  } finally {
    await file.close();
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
