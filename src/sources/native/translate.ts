/** From the store's records to the words of the core. */
import type { JobRef } from '../../core/job/schema.ts';
import type { JobRecord } from '../../store/jobs.ts';
import { jobDirectory } from './layout.ts';
import { SpecFacts } from './schema.ts';

/** What evidence needs of a job's specification; one that no longer parses says nothing. */
export function translateSpecFacts(spec: string): {
  readonly receiptLabel?: string;
  readonly canVerify: boolean;
  readonly directory?: string;
} {
  const parsed = SpecFacts.safeParse(parseJson(spec));
  if (!parsed.success) return { canVerify: false };
  const { receipt, verify, directory } = parsed.data;
  return {
    canVerify: verify !== undefined,
    ...(receipt && { receiptLabel: receipt.label ?? 'receipt' }),
    ...(directory !== undefined && { directory }),
  };
}

/** The identity of a recorded job. */
export function translateJobRef(record: JobRecord, stateDirectory: string): JobRef {
  return {
    id: record.id,
    name: record.name,
    kind: record.kind,
    source: 'native',
    directory: jobDirectory(stateDirectory, record.id),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
