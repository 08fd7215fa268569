import { createHash, type Hash } from 'node:crypto';
import type { CheckpointContent, CheckpointOutput, WrittenContent } from '../../../core/checkpoint/store.ts';
import type { RecoveryError } from '../../../core/errors.ts';
import { makeJsonScanner } from '../../exact-json/make-json-scanner.ts';
import { type FileWriter, makeFileWriter, writeAll } from '../../files/make-file-writer.ts';
import { refuseInput } from './check-options.ts';
import { type CheckpointInput, parseHead, type StateInput } from './checkpoint-input.ts';
import { DIGEST_FIELD, DIGEST_VALUE_OFFSET, DIGEST_ZEROS, formatDigestText } from './digest-field.ts';
import { formatState } from './format-state.ts';
import { describePolicy } from './judge.ts';
import { RawJson } from './raw-json.ts';
import type { PolicyCheckpoint, PolicyHead } from './schema.ts';

/** How much text becomes bytes at a time. Unit: characters. */
const PIECE_CHARS = 256 * 1024;
/** Of one character, in UTF-8, for each unit of a JavaScript string. */
const MOST_BYTES = 3;

/** A state: text that was made exactly here, in pieces that follow each other, or the text of somebody else. */
type StateText = readonly string[] | RawJson;

/** What to write. */
type PolicyContent = {
  readonly head: PolicyHead;
  readonly policyState: StateText;
  readonly optimizerState: StateText;
  readonly digest: boolean;
};

/**
 * Makes what a store saves of a policy checkpoint: the state as it is now, whatever becomes of it before it is written.
 *
 * Errors: CHECKPOINT_INPUT_INVALID.
 */
export function makePolicyContent(input: CheckpointInput): CheckpointContent<PolicyCheckpoint> {
  const { digest } = input;
  const head = parseHead(input);
  const policyState = prepareState('policy_state', input.policyState);
  const optimizerState = prepareState('optimizer_state', input.optimizerState);
  return {
    write: (output) => writeCheckpoint(output, { head, policyState, optimizerState, digest }),
    describe: (path) => describePolicy({ path, head, proven: digest }),
  };
}

function prepareState(name: string, state: StateInput): StateText {
  return state instanceof RawJson ? state : formatState(name, state);
}

/**
 * Writes a checkpoint into a new file, in the format's own shape. Text of somebody else is checked on its way.
 *
 * Shapes: pretty JSON, two spaces, no newline at the end; the states stand in it as they are given.
 * Errors: CHECKPOINT_INPUT_INVALID with state, place and reason, when a state is no JSON object that both sides can
 *         load; what the state's source throws; the system's.
 * Source: formats/tau 2.4.
 */
async function writeCheckpoint(file: CheckpointOutput, content: PolicyContent): Promise<WrittenContent> {
  const { head } = content;
  const output = makeOutput(file);
  const runId = JSON.stringify(head.runId);
  await output.text(`{\n  "checkpoint_version": ${head.version},\n  "run_id": ${runId},\n  "policy_state": `);
  await appendState(output, 'policy_state', content.policyState);
  await output.text(',\n  "optimizer_state": ');
  await appendState(output, 'optimizer_state', content.optimizerState);
  await output.text(`,\n  "global_step": ${head.globalStep},\n  "optimizer_step": ${head.optimizerStep}`);
  await output.text(`,\n  "saved_at_unix_seconds": ${head.savedAtUnixSeconds}`);
  if (!content.digest) return output.end('\n}');
  await output.text(`,\n  "${DIGEST_FIELD}": `);
  const digestStart = output.sizeBytes() + DIGEST_VALUE_OFFSET;
  // Its 64 characters count as zeros in the digest, so what was hashed is what it is of.
  const written = await output.end(`${formatDigestText(DIGEST_ZEROS)}\n}`);
  await writeAll(file, Buffer.from(written.digest), digestStart);
  return written;
}

/** A file being written, and what is known of its bytes. */
type Output = {
  readonly bytes: (bytes: Uint8Array) => Promise<void>;
  readonly text: (text: string) => Promise<void>;
  readonly sizeBytes: () => number;
  readonly end: (text: string) => Promise<WrittenContent>;
};

function makeOutput(file: CheckpointOutput): Output {
  const writer: FileWriter = makeFileWriter(file);
  const hash: Hash = createHash('sha256');
  const buffer = Buffer.allocUnsafe(PIECE_CHARS * MOST_BYTES);
  let sizeBytes = 0;
  const bytes = async (some: Uint8Array) => {
    hash.update(some);
    sizeBytes += some.length;
    await writer.append(some);
  };
  const text = async (whole: string) => {
    for (let from = 0; from < whole.length; ) {
      const to = findCut(whole, from + PIECE_CHARS);
      await bytes(buffer.subarray(0, buffer.write(whole.slice(from, to), 'utf8')));
      from = to;
    }
  };
  const end = async (last: string) => {
    await text(last);
    await writer.flush();
    return { sizeBytes, digest: hash.digest('hex') };
  };
  return { bytes, text, sizeBytes: () => sizeBytes, end };
}

/** Where a text may be cut: not between the halves of a surrogate pair. */
function findCut(text: string, at: number): number {
  const isHigh = at < text.length && (text.charCodeAt(at - 1) & 0xfc00) === 0xd800;
  return isHigh ? at - 1 : Math.min(at, text.length);
}

async function appendState(output: Output, name: string, state: StateText): Promise<void> {
  if (state instanceof RawJson) return appendRaw(output, name, state);
  // Made by `formatState`, which refuses what would not come back; only an object is a state.
  if (!state[0]?.startsWith('{')) throw refuse(name, `must be a JSON object, and it is ${describe(state[0])}`);
  for (const piece of state) await output.text(piece);
}

function describe(text = ''): string {
  if (text.startsWith('[')) return 'of type array';
  if (text === 'null') return 'null';
  return text.startsWith('"') ? 'of type string' : 'a single value';
}

/** Text of somebody else: one that closes its object and goes on would write fields of its own beside the state. */
async function appendRaw(output: Output, name: string, state: RawJson): Promise<void> {
  const scanner = makeJsonScanner({ outerPath: [name] });
  for await (const chunk of state.chunks()) {
    if (!scanner.push(chunk)) break;
    await output.bytes(chunk);
  }
  scanner.end();
  const problem = scanner.problem();
  if (scanner.isBehindRoot() ? problem !== undefined : problem?.rule === 'truncated') {
    throw refuse(name, 'must be one JSON object and nothing else');
  }
  if (problem !== undefined) {
    const { offset, path, expected, found } = problem;
    throw refuse(name, `is not valid at byte ${offset} (${path}): expected ${expected}, found ${found}`);
  }
  const type = scanner.rootType();
  if (type !== 'object') throw refuse(name, `must be a JSON object, and it is of type ${type}`);
}

function refuse(field: string, why: string): RecoveryError {
  return refuseInput(`checkpoint field '${field}' ${why}`, { field });
}
