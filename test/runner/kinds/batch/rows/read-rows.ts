import { openRows } from '../../../../../src/runner/kinds/batch/rows/open-rows.ts';
import { makeFolder } from '../../../../helpers/make-folder.ts';

/** Reads a whole rows file of this content. */
export async function readRows(
  content: string | Uint8Array,
  options: { readonly format?: 'csv' | 'jsonl'; readonly key?: string } = {},
) {
  const { format = 'csv', key } = options;
  await using folder = await makeFolder({ rows: content });
  const opened = await openRows({
    rowsPath: folder.at('rows'),
    rowsFormat: format,
    ...(key !== undefined && { keyColumn: key }),
  });
  const rows = (await Array.fromAsync(opened.chunks)).flat();
  return {
    columns: opened.columns,
    rows,
    keys: rows.map((row) => row.key),
    data: rows.map((row): unknown => JSON.parse(row.dataJson)),
    digest: opened.digest(),
  };
}

/** The message reading such a file is refused with, without the path. */
export async function readRefusal(...asked: Parameters<typeof readRows>): Promise<string> {
  try {
    await readRows(...asked);
  } catch (error) {
    if (error instanceof Error && 'code' in error)
      return `${error.code} ${error.message.replace(/\/\S*\/rows/, 'FILE')}`;
    throw error;
  }
  return 'accepted';
}
