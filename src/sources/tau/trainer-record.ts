/** How a trainer that Salvor started ended, in a file of Salvor's own beside Tau's. */
import type { TrainerEnd } from '../../core/evidence/control-schema.ts';
import type { TauFileOperations } from './file-operations.ts';
import { formatRecord } from './format-record.ts';
import { type JsonFile, readJsonFile } from './read-json-file.ts';
import type { FileRules } from './schema.ts';
import { pickValue, readText, readTime } from './translate.ts';

/** The fields of the record. `action_id` is that of the resume that started the trainer. */
const TRAINER_RECORD: FileRules = {
  version: 'unsupported trainer record schema version',
  fields: [
    ['schema_version', 'u32_1'],
    ['action_id', 'string'],
    ['pid', 'u64'],
    ['ended_unix_ms', 'u64'],
    ['exit_code', 'u64?'],
    ['signal', 'string?'],
    ['stop_requested', 'boolean'],
  ],
};

/**
 * Writes how a trainer ended. Errors: the system's.
 *
 * Source: design, rule 2: what Salvor saw is evidence, and a status that nobody wrote is none.
 */
export async function writeTrainerEnd(
  operations: TauFileOperations,
  path: string,
  { actionId, pid, end }: { readonly actionId: string; readonly pid: number; readonly end: TrainerEnd },
): Promise<void> {
  const record = {
    schema_version: 1,
    action_id: actionId,
    pid,
    ended_unix_ms: end.atMs,
    exit_code: end.exitCode ?? null,
    signal: end.signal ?? null,
    stop_requested: end.isStopped,
  };
  await operations.replace(path, formatRecord(record, 2));
}

/**
 * Reads how the trainer of the recorded resume ended; of any other run it says nothing.
 *
 * Errors: none; a record that is torn counts as none.
 */
export async function readTrainerEnd(path: string, state: JsonFile): Promise<TrainerEnd | undefined> {
  const record = pickValue(await readJsonFile(path, TRAINER_RECORD));
  const recorded = pickValue(state);
  const isOfThisRun =
    record?.['action_id'] === recorded?.['salvor_action_id'] && recorded?.['last_action'] === 'resume';
  if (!record || !isOfThisRun) return undefined;
  const exitCode = record['exit_code'];
  const signal = readText(record['signal']);
  return {
    atMs: readTime(record['ended_unix_ms']) ?? 0,
    ...(typeof exitCode === 'number' && { exitCode }),
    ...(signal !== undefined && { signal }),
    isStopped: record['stop_requested'] === true,
  };
}
