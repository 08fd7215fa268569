import { createReadStream, statSync } from 'node:fs';
import type { CheckpointVerdict } from '../../core/checkpoint/schema.ts';
import { RecoveryError } from '../../core/errors.ts';
import { RawJson } from '../../platform/checkpoint-formats/policy-json/raw-json.ts';
import { readCheckpoint } from '../../platform/checkpoint-formats/policy-json/read-checkpoint.ts';
import type { CheckpointFacts } from '../../platform/checkpoint-formats/policy-json/schema.ts';
import { layoutOf } from '../../platform/checkpoint-stores/directory/layout.ts';
import { loadCheckpoint } from '../../platform/checkpoint-stores/directory/load-checkpoint.ts';
import { saveCheckpoint } from '../../platform/checkpoint-stores/directory/save-checkpoint.ts';
import { systemClock } from '../../platform/clock.ts';
import { systemFileOperations } from '../../platform/files/file-operations.ts';
import { safeText } from '../../present/safe-text.ts';
import type { CommandContext } from '../command-context.ts';

/** How long another saver of the same directory is waited for. */
const WAIT_MS = 10_000;
/** The latest second a date can hold. */
const LATEST_SECONDS = 8.64e12;

const ACTIONS: Readonly<Record<string, (context: CommandContext, names: readonly string[]) => Promise<number>>> = {
  inspect: runInspect,
  load: runLoad,
  save: runSave,
};

/** `salvor checkpoint inspect|load|save`: policy checkpoints from scripts. Source: contract, commands; seed 001. */
export async function runCheckpoint(context: CommandContext): Promise<number> {
  const [action = '', ...names] = context.asked.positionals;
  const run = Object.hasOwn(ACTIONS, action) ? ACTIONS[action] : undefined;
  if (!run) throw new RecoveryError('USAGE_INVALID', `say checkpoint inspect, load or save, not '${action}'`);
  return run(context, names);
}

type Inspected = { readonly facts: CheckpointFacts; readonly verdict: CheckpointVerdict };

/** Exits 0 when every one has grade A or B, 3 when one is refused. Nothing is changed. */
async function runInspect({ output }: CommandContext, names: readonly string[]): Promise<number> {
  if (names.length === 0) throw new RecoveryError('USAGE_INVALID', 'usage: salvor checkpoint inspect PATH ...');
  const inspected: Inspected[] = [];
  for (const path of names.flatMap(listGenerations)) inspected.push(await readCheckpoint(path));
  const answers = inspected.map(describeInspected);
  if (output.json) output.printJson({ schema_version: 1, checkpoints: answers });
  else for (const answer of answers) output.print(formatInspected(answer));
  return inspected.every(({ verdict }) => verdict.type === 'valid') ? 0 : 3;
}

/** A directory stands for the generations in it. */
function listGenerations(path: string): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const { primary, fallback } = layoutOf(path);
  const there = [primary, fallback].filter((file) => statSync(file, { throwIfNoEntry: false }));
  return there.length > 0 ? there : [primary];
}

type Answer = ReturnType<typeof describeInspected>;

/** The contract's form of one checkpoint. Steps that a number cannot hold are written exactly. */
function describeInspected({ facts, verdict }: Inspected) {
  const base = { path: facts.path, format: 'policy-json', size_bytes: facts.sizeBytes, missing: [] as string[] };
  if (verdict.type === 'rejected') {
    const { code, message, path, offset } = verdict;
    const grade = code === 'CHECKPOINT_VERSION_UNSUPPORTED' ? 'U' : 'R';
    const problems = [{ code, message, path, offset: offset ?? null }];
    return { ...base, grade, global_step: null, saved_at: null, proved: [], not_proved: ['structure'], problems };
  }
  const { head, proven } = verdict;
  return {
    ...base,
    grade: proven ? 'A' : 'B',
    global_step: head.globalStep,
    saved_at: formatSeconds(head.savedAtUnixSeconds),
    proved: proven ? ['structure', 'digest'] : ['structure'],
    not_proved: proven ? [] : ['digest'],
    problems: [],
  };
}

function formatSeconds(seconds: bigint): string | null {
  return seconds <= LATEST_SECONDS ? new Date(Number(seconds) * 1000).toISOString() : null;
}

function formatInspected({ grade, path, global_step: step, problems }: Answer): string {
  const [problem] = problems;
  const what = problem === undefined ? `global step ${step}` : safeText(problem.message);
  return `${grade}  ${safeText(path, 1_000)}  ${what}`;
}

/** Prints which checkpoint is to be loaded, in the words of the format. Source: formats/tau 2.7. */
async function runLoad({ asked, output }: CommandContext, names: readonly string[]): Promise<number> {
  const [path, ...others] = names;
  if (path === undefined || others.length > 0)
    throw new RecoveryError('USAGE_INVALID', 'usage: salvor checkpoint load DIRECTORY|FILE [--fallback]');
  const isDirectory = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const layout = layoutOf(path);
  const withFallback = asked.switches.has('fallback');
  if (withFallback && !isDirectory)
    throw new RecoveryError('USAGE_INVALID', `--fallback goes with a directory, and ${path} is none`);
  const paths = { primary: isDirectory ? layout.primary : path, ...(withFallback && { fallback: layout.fallback }) };
  const loaded = await loadCheckpoint(paths);
  if (output.json) {
    output.printJson({
      schema_version: 1,
      source: loaded.source,
      path: loaded.path,
      run_id: loaded.runId,
      global_step: loaded.globalStep,
      optimizer_step: loaded.optimizerStep,
      saved_at_unix_seconds: loaded.savedAtUnixSeconds,
      grade: loaded.proven ? 'A' : 'B',
      size_bytes: loaded.sizeBytes,
      sha256: loaded.sha256,
      diagnostics: loaded.diagnostics,
    });
    return 0;
  }
  const { source, runId, globalStep, optimizerStep } = loaded;
  output.print(
    `checkpoint_resume source=${source} run_id=${safeText(runId, 200)} global_step=${globalStep} optimizer_step=${optimizerStep}`,
  );
  for (const diagnostic of loaded.diagnostics)
    output.print(`checkpoint_resume diagnostic=${safeText(diagnostic, 1_000)}`);
  return 0;
}

/** Saves the states byte for byte as they are in their files; the old primary becomes the fallback. */
async function runSave({ asked, config, output }: CommandContext, names: readonly string[]): Promise<number> {
  if (config.readOnly) throw new RecoveryError('READ_ONLY', 'Salvor was started read-only');
  const [directory, ...others] = names;
  const { texts, switches } = asked;
  const [runId, policy, optimizer] = [texts['run-id'], texts['policy-state'], texts['optimizer-state']];
  if (
    directory === undefined ||
    others.length > 0 ||
    runId === undefined ||
    policy === undefined ||
    optimizer === undefined
  )
    throw new RecoveryError(
      'USAGE_INVALID',
      'usage: salvor checkpoint save DIRECTORY --run-id ID --global-step N --optimizer-step N --policy-state FILE --optimizer-state FILE',
    );
  const saved = await saveCheckpoint(
    { directory, waitMs: WAIT_MS, operations: systemFileOperations },
    {
      runId,
      globalStep: parseStep('global-step', texts['global-step']),
      optimizerStep: parseStep('optimizer-step', texts['optimizer-step']),
      savedAtUnixSeconds:
        texts['saved-at'] === undefined
          ? Math.floor(systemClock.nowMs() / 1000)
          : parseStep('saved-at', texts['saved-at']),
      policyState: readState(policy),
      optimizerState: readState(optimizer),
      digest: !switches.has('no-digest'),
    },
  );
  const { path, setAside } = saved;
  if (output.json) output.printJson({ schema_version: 1, path, set_aside: setAside });
  else output.print(`Saved ${safeText(path, 1_000)}.${setAside.length > 0 ? ` Kept: ${setAside.join(', ')}` : ''}`);
  return 0;
}

function parseStep(flag: string, text: string | undefined): bigint {
  if (text !== undefined && /^[0-9]{1,20}$/.test(text)) return BigInt(text);
  throw new RecoveryError('USAGE_INVALID', `--${flag} ${text ?? ''} is not a whole number`.replace('  ', ' '));
}

function readState(path: string): RawJson {
  if (path === '-') return new RawJson(process.stdin);
  if (statSync(path, { throwIfNoEntry: false }) === undefined)
    throw new RecoveryError('USAGE_INVALID', `there is no file ${path}`);
  return new RawJson(createReadStream(path));
}
