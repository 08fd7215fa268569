import { createHash } from 'node:crypto';
import { realpath } from 'node:fs/promises';
import { RecoveryError } from '../../../../core/errors.ts';
import type { FileDigest } from '../../../../platform/digest-file.ts';
import { replaceFile, type WriteBytes } from '../../../../platform/files/replace-file.ts';
import type { BatchSpec } from '../schema.ts';
import { makeCsvEditor } from './edit-csv-record.ts';
import { makeJsonlEditor } from './edit-jsonl-line.ts';
import { isBlankRecord } from './is-blank-record.ts';
import { ROWS_PER_CHUNK } from './row-record.ts';
import type { RecordEditor, RowNow } from './row-values.ts';
import { decodeLatin1, encodeLatin1, scanFile } from './scan-file.ts';
import { type RawRecord, splitRecords } from './split-records.ts';

/** What is written back, and how it is made sure that it is the job's own file that is replaced. */
export type WriteBack = {
  readonly spec: Pick<BatchSpec, 'rowsPath' | 'rowsFormat' | 'writeBack'>;
  /** Digest recorded for the job; a file with another one is refused. */
  readonly expected: FileDigest;
  /** The rows numbered `first` to `last`, both included, asked in order; a row that is left out gets empty cells. */
  readonly readRows: (
    first: number,
    last: number,
  ) => ReadonlyMap<number, RowNow> | Promise<ReadonlyMap<number, RowNow>>;
  /**
   * Told the new file's digest before it takes the old one's place. With it recorded durably, a crash between the two
   * leaves a file that one of the two digests explains.
   */
  readonly beforeReplace: (digest: FileDigest) => void | Promise<void>;
  /** Puts the new file in the old one's place by calling `rename`, once; may refuse by throwing before. */
  readonly replace: (rename: () => void, digest: FileDigest) => Promise<void>;
};

/** Digest of the rows file as it is now, and whether it was replaced: a file that says it all already is left alone. */
export type WrittenFile = { readonly digest: FileDigest; readonly changed: boolean };

/** Thrown inside this file alone: the new file would be the old one. */
class SameFileSignal extends Error {}

/**
 * Adds the job's columns to its rows file, or replaces their cells, and answers the new digest.
 *
 * Every other byte is kept: quoting, byte order mark, line ends, empty lines, a missing last line end. The file is
 * replaced in one step with its mode kept; of a symbolic link the target is replaced.
 *
 * Errors: ROWS_FILE_CHANGED when the file is not the recorded one, ROWS_FILE_MISSING, WRITE_BACK_FAILED for what the
 *         system refuses; the file is untouched then. What `beforeReplace` and `replace` throw passes unchanged when it
 *         is a RecoveryError.
 * Source: contract, job files (write_back); design, rule 4 (saving).
 */
export async function writeBack(asked: WriteBack): Promise<WrittenFile> {
  if (asked.spec.writeBack.length === 0) return { digest: asked.expected, changed: false };
  let digest = asked.expected;
  const write = async (append: WriteBytes): Promise<void> => {
    digest = await writeEdited(path, asked, append);
    if (digest.sha256 === asked.expected.sha256) throw new SameFileSignal();
    await asked.beforeReplace(digest);
  };
  const path = await realpath(asked.spec.rowsPath).catch((cause: unknown) => {
    throw describeFailure(asked, cause);
  });
  try {
    const place = (rename: () => void): Promise<void> =>
      asked.replace(() => {
        try {
          rename();
        } catch (cause) {
          // Told here: where it is called from the system's errors are the store's.
          throw describeFailure(asked, cause);
        }
      }, digest);
    await replaceFile(path, write, { place });
    return { digest, changed: true };
  } catch (cause) {
    if (cause instanceof SameFileSignal) return { digest, changed: false };
    if (cause instanceof RecoveryError && cause.code !== 'ROWS_INVALID') throw cause;
    // A file that was read as rows before and cannot be any more is another file.
    throw cause instanceof RecoveryError ? refuseChanged(asked, cause) : describeFailure(asked, cause);
  }
}

function describeFailure({ spec }: WriteBack, cause: unknown): RecoveryError {
  const details = { path: spec.rowsPath };
  if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT' && 'syscall' in cause) {
    const isGone = cause.syscall === 'realpath' || cause.syscall === 'lstat';
    if (isGone) {
      return new RecoveryError('ROWS_FILE_MISSING', `the rows file ${spec.rowsPath} is not there`, { details, cause });
    }
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  const message = `the results cannot be written to ${spec.rowsPath}: ${reason}`;
  return new RecoveryError('WRITE_BACK_FAILED', message, { details, cause });
}

/** Writes the edited copy and answers its digest; the original is digested on the way. */
async function writeEdited(path: string, asked: WriteBack, write: WriteBytes): Promise<FileDigest> {
  const scan = scanFile(path);
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const edit = makeChunkEditor(asked);
  for await (const records of splitRecords(scan.text, { path, quotes: asked.spec.rowsFormat === 'csv' })) {
    for (let at = 0; at < records.length; at += ROWS_PER_CHUNK) {
      const bytes = Buffer.from(await edit(records.slice(at, at + ROWS_PER_CHUNK)), 'latin1');
      hash.update(bytes);
      await write(bytes);
      sizeBytes += bytes.length;
    }
  }
  if (scan.digest()?.sha256 !== asked.expected.sha256) throw refuseChanged(asked);
  return { sha256: hash.digest('hex'), sizeBytes };
}

/** Edits records in file order, one character per byte; rows are numbered as they are when they are read. */
function makeChunkEditor(asked: WriteBack): (records: readonly RawRecord[]) => Promise<string> {
  const { rowsFormat, writeBack: columns } = asked.spec;
  let editor: RecordEditor | undefined = rowsFormat === 'jsonl' ? makeJsonlEditor(columns) : undefined;
  let number = 0;
  return async (records) => {
    const first = number + 1;
    const rowsAtMost = records.length;
    const rows = await asked.readRows(first, first + rowsAtMost - 1);
    const edited = records.map((record) => {
      if (isBlankRecord(record, rowsFormat)) return record.text + record.lineEnd;
      const text = decodeLatin1(record.text);
      if (editor === undefined) {
        editor = makeCsvEditor(text, columns);
        return encodeLatin1(editor.header ?? text) + record.lineEnd;
      }
      number += 1;
      return encodeLatin1(editor.editRow(text, rows.get(number))) + record.lineEnd;
    });
    return edited.join('');
  };
}

function refuseChanged(asked: WriteBack, cause?: unknown): RecoveryError {
  const message = `the rows file ${asked.spec.rowsPath} is not the one the job was started with; nothing was written to it`;
  return new RecoveryError('ROWS_FILE_CHANGED', message, { details: { path: asked.spec.rowsPath }, cause });
}
