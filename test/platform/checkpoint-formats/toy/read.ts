import type { CheckpointFiles, ReadFacts } from '../../../../src/core/checkpoint/format.ts';
import type { ReadProblem } from '../../../../src/core/checkpoint/schema.ts';

/** The longest first line. */
const LINE_BYTES = 64;

/** The first line, or why there is none. */
export type ToyFacts = ReadFacts & { readonly line?: string; readonly problem?: ReadProblem };

/** Reads the first line; how many bytes follow is known without reading them. */
export async function read(files: CheckpointFiles, path: string): Promise<ToyFacts> {
  const opened = await files.open(path);
  if (opened.type === 'problem') return { path, sizeBytes: 0, problem: opened.problem };
  const { file } = opened;
  const { sizeBytes, identity } = file;
  try {
    const bytes = new Uint8Array(LINE_BYTES);
    const line =
      Buffer.from(bytes.subarray(0, await file.read(bytes, 0)))
        .toString('latin1')
        .split('\n')[0] ?? '';
    if ((await file.readIdentity()) === identity) return { path, sizeBytes, identity, line };
    return { path, sizeBytes, problem: { reason: 'changed', found: 'it changed while it was read' } };
  } catch {
    return { path, sizeBytes, problem: { reason: 'read_failed', found: 'reading it failed' } };
  } finally {
    await file.close();
  }
}
