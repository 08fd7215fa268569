/** From the store's records to the words of the core. */
import type { JobRef } from '../../core/job/schema.ts';
import type { CommandPlace } from '../../platform/find-missing-command.ts';
import type { JobStore } from '../../store/contract.ts';
import type { JobRecord } from '../../store/records.ts';

/** The part of a job's specification that evidence needs; everything else is the runner's. */
export type SpecFacts = {
  readonly receiptLabel?: string;
  readonly canVerify: boolean;
  /** Whether results go into the rows file. */
  readonly writesBack?: true;
  readonly directory?: string;
  /** The command lines that a recovery may start, and where they run; absent when that is not said. */
  readonly commands?: { readonly lines: readonly string[]; readonly place: CommandPlace };
};

/**
 * What evidence needs of a job's specification; one that no longer parses says nothing.
 *
 * Its fields are read by hand: a schema library takes longer to load than a short command may.
 */
export function translateSpecFacts(specJson: string): SpecFacts {
  const spec = parseObject(specJson);
  const receipt = asObject(spec?.receipt);
  const label = asText(receipt?.label) ?? 'receipt';
  const directory = asText(spec?.directory);
  const lines = [spec?.command, spec?.worker, spec?.verify].map(asText).filter((line) => line !== undefined);
  return {
    canVerify: asText(spec?.verify) !== undefined,
    ...(Array.isArray(spec?.writeBack) && spec.writeBack.length > 0 && { writesBack: true }),
    ...(receipt && { receiptLabel: label }),
    ...(directory !== undefined && { directory }),
    ...(directory !== undefined &&
      lines.length > 0 && { commands: { lines, place: { directory, env: readEnv(spec?.env) } } }),
  };
}

function readEnv(value: unknown): Readonly<Record<string, string>> {
  const texts = Object.entries(asObject(value) ?? {}).flatMap(([name, text]) =>
    typeof text === 'string' ? [[name, text] as const] : [],
  );
  return Object.fromEntries(texts);
}

/** The identity of a recorded job. */
export function translateJobRef(
  record: Pick<JobRecord, 'id' | 'name' | 'kind'>,
  store: Pick<JobStore, 'directoryOf'>,
): JobRef {
  const directory = store.directoryOf(record.id);
  return {
    id: record.id,
    name: record.name,
    kind: record.kind,
    family: 'units',
    source: 'native',
    ...(directory !== undefined && { directory }),
  };
}

type Fields = Readonly<Record<string, unknown>>;

function parseObject(text: string): Fields | undefined {
  try {
    return asObject(JSON.parse(text));
  } catch {
    return undefined;
  }
}

function asObject(value: unknown): Fields | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : undefined;
}

function asText(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
