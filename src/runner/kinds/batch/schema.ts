/**
 * The two shapes of a batch job: the file an operator writes (snake_case keys, durations as text) and the specification
 * that is kept in the store as JSON. Messages of the file's shape say what was expected; the reader adds what was found.
 */
import * as z from 'zod/mini';
import { RecoveryError } from '../../../core/errors.ts';
import { LIMITS } from '../../job-file/limits.ts';
import { parseDuration } from '../../job-file/parse-duration.ts';
import { JobName, text } from '../../job-file/schema.ts';

/** What may be written back to the rows file. Source: contract, job files (write_back). */
export const WRITE_BACK_VALUES = [
  'receipt',
  'finished_at',
  'status',
  'error',
  'error_code',
  'attempts',
  'idempotency_key',
] as const;
/** One of `WRITE_BACK_VALUES`. */
export type WriteBackValue = (typeof WRITE_BACK_VALUES)[number];

const BACKOFFS = ['exponential', 'linear', 'fixed'] as const;

const duration = (expected: string) =>
  z.string({ error: expected }).check(z.refine((value) => parseDuration(value) !== undefined, { error: expected }));
const wholeNumber = (expected: string, most: number) =>
  z
    .number({ error: expected })
    .check(z.int({ error: expected }), z.minimum(1, { error: expected }), z.maximum(most, { error: expected }));
const scalar = z.union([z.string(), z.number(), z.boolean()], { error: 'text, a number, true or false' });

const ANY_DURATION = 'a duration such as 500ms, 2s, 1m or 1h, at most 24 days';
const POSITIVE_DURATION = 'a duration above zero such as 500ms, 2s, 1m or 1h, at most 24 days';

const RetryShape = z.strictObject(
  {
    attempts: wholeNumber(`a whole number from 1 to ${LIMITS.attempts}`, LIMITS.attempts),
    backoff: z.exactOptional(z.enum(BACKOFFS, { error: `one of ${BACKOFFS.join(', ')}` })),
    initial_delay: z.exactOptional(duration(ANY_DURATION)),
    max_delay: z.exactOptional(duration(ANY_DURATION)),
    jitter: z.exactOptional(z.boolean({ error: 'true or false' })),
    on: z.exactOptional(z.array(text('an error code'), { error: 'a list of error codes' })),
  },
  { error: 'a map with attempts' },
);

/** A batch job file as it is written. Source: contract, job files. */
export const BatchFile = z.strictObject(
  {
    kind: z.literal('batch', { error: 'batch' }),
    name: z.exactOptional(JobName),
    rows: text('the path of a .csv or .jsonl file').check(
      z.regex(/\.(csv|jsonl|ndjson)$/i, { error: 'the path of a .csv or .jsonl file' }),
    ),
    key: z.exactOptional(text('the name of a column')),
    command: z.exactOptional(text('a command line')),
    worker: z.exactOptional(text('a command line')),
    verify: z.exactOptional(text('a command line')),
    receipt: z.exactOptional(
      z.strictObject(
        { field: text('the name of a field'), label: z.exactOptional(text('text')) },
        { error: 'a map with field and label' },
      ),
    ),
    on_error: z.exactOptional(z.enum(['halt', 'continue'], { error: 'halt or continue' })),
    concurrency: z.exactOptional(wholeNumber(`a whole number from 1 to ${LIMITS.concurrency}`, LIMITS.concurrency)),
    retry: z.exactOptional(RetryShape),
    timeout: z.exactOptional(
      duration(POSITIVE_DURATION).check(z.refine((value) => parseDuration(value) !== 0, { error: POSITIVE_DURATION })),
    ),
    write_back: z.exactOptional(
      z.record(z.string(), z.enum(WRITE_BACK_VALUES, { error: `one of ${WRITE_BACK_VALUES.join(', ')}` }), {
        error: 'a map of column names to values',
      }),
    ),
    env: z.exactOptional(
      z.record(z.string().check(z.regex(/^[A-Za-z_][A-Za-z0-9_]*$/)), scalar, {
        error: 'a map of environment variables',
      }),
    ),
    params: z.exactOptional(z.record(z.string(), scalar, { error: 'a map of names to default values' })),
  },
  { error: 'a map' },
);
export type BatchFile = z.infer<typeof BatchFile>;

/** The keys a job file may have, by the map they stand in (empty path: the file itself). */
export const KNOWN_KEYS: Readonly<Record<string, readonly string[]>> = {
  '': Object.keys(BatchFile.shape),
  receipt: ['field', 'label'],
  retry: Object.keys(RetryShape.shape),
};

const strings = z.readonly(z.record(z.string(), z.string()));

/**
 * What a batch job does, complete and plain: relative paths, defaults and parameters are resolved. Kept in the store
 * as JSON. Durations are milliseconds, paths absolute. Source: contract, job files.
 */
export const BatchSpec = z.readonly(
  z.strictObject({
    kind: z.literal('batch'),
    name: z.string(),
    directory: z.string(),
    rowsPath: z.string(),
    rowsFormat: z.enum(['csv', 'jsonl']),
    /** The header's names, or the members of the first line of a .jsonl file. */
    columns: z.readonly(z.array(z.string())),
    keyColumn: z.exactOptional(z.string()),
    command: z.exactOptional(z.string()),
    worker: z.exactOptional(z.string()),
    verify: z.exactOptional(z.string()),
    receipt: z.exactOptional(z.readonly(z.strictObject({ field: z.string(), label: z.string() }))),
    onError: z.enum(['halt', 'continue']),
    concurrency: z.number(),
    retry: z.readonly(
      z.strictObject({
        attempts: z.number(),
        backoff: z.enum(BACKOFFS),
        initialDelayMs: z.number(),
        maxDelayMs: z.number(),
        jitter: z.boolean(),
        on: z.exactOptional(z.readonly(z.array(z.string()))),
      }),
    ),
    timeoutMs: z.exactOptional(z.number()),
    writeBack: z.readonly(
      z.array(z.readonly(z.strictObject({ column: z.string(), value: z.enum(WRITE_BACK_VALUES) }))),
    ),
    env: strings,
    params: strings,
  }),
);
export type BatchSpec = z.infer<typeof BatchSpec>;

/**
 * Reads a specification back from the store.
 *
 * Shapes: JSON text, or the value it stands for.
 * Errors: STATE_CORRUPT when it is not one.
 */
export function parseBatchSpec(json: unknown): BatchSpec {
  try {
    return BatchSpec.parse(typeof json === 'string' ? JSON.parse(json) : json);
  } catch (cause) {
    throw new RecoveryError('STATE_CORRUPT', 'the recorded job specification is not one of a batch job', { cause });
  }
}
