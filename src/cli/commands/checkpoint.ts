import { createReadStream, statSync } from 'node:fs';
import { gradeCheckpoint } from '../../core/checkpoint/grade-checkpoint.ts';
import { loadNewest } from '../../core/checkpoint/load-newest.ts';
import type { CheckpointStore } from '../../core/checkpoint/store.ts';
import { RecoveryError } from '../../core/errors.ts';
import { openLoaded } from '../../platform/checkpoint-formats/policy-json/loaded-checkpoint.ts';
import { makePolicyContent } from '../../platform/checkpoint-formats/policy-json/policy-content.ts';
import { policyJson } from '../../platform/checkpoint-formats/policy-json/policy-json.ts';
import { RawJson } from '../../platform/checkpoint-formats/policy-json/raw-json.ts';
import type { PolicyCheckpoint, PolicyFacts } from '../../platform/checkpoint-formats/policy-json/schema.ts';
import { type InspectedCheckpoint, inspectAny } from '../../platform/checkpoints/formats.ts';
import { openStore } from '../../platform/checkpoints/stores.ts';
import { systemClock } from '../../platform/clock.ts';
import { hostFiles } from '../../platform/files/host-files.ts';
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

/** Exits 0 when every one has grade A or B, 8 when one is partial, 3 when one is refused. Nothing is changed. */
async function runInspect({ output }: CommandContext, names: readonly string[]): Promise<number> {
  if (names.length === 0) throw new RecoveryError('USAGE_INVALID', 'usage: salvor checkpoint inspect PATH ...');
  const answers: Answer[] = [];
  for (const path of names.flatMap(listGenerations)) answers.push(describeInspected(await inspectAny(hostFiles, path)));
  if (output.json) output.printJson({ schema_version: 1, checkpoints: answers });
  else for (const answer of answers) output.print(formatInspected(answer));
  const grades = answers.map(({ grade }) => grade);
  if (grades.some((grade) => grade === 'R' || grade === 'U')) return 3;
  return grades.includes('C') ? 8 : 0;
}

/** A directory stands for the generations in it. */
function listGenerations(path: string): readonly string[] {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() !== true) return [path];
  const paths = open(path)
    .generations()
    .map((place) => place.path);
  const there = paths.filter((file) => statSync(file, { throwIfNoEntry: false }));
  return there.length > 0 ? there : paths.slice(0, 1);
}

function open(target: string): CheckpointStore<PolicyFacts, PolicyCheckpoint> {
  return openStore(policyJson, target, { waitMs: WAIT_MS });
}

type Answer = ReturnType<typeof describeInspected>;

/** The contract's form of one checkpoint. Steps that a number cannot hold are written exactly. */
function describeInspected({ format, facts, verdict }: InspectedCheckpoint) {
  const base = { path: facts.path, format, size_bytes: facts.sizeBytes, grade: gradeCheckpoint(verdict) };
  if (verdict.type === 'rejected') {
    const { code, message, path, offset } = verdict;
    const problems = [{ code, message, path, offset: offset ?? null }];
    return { ...base, global_step: null, saved_at: null, proved: [], not_proved: ['structure'], missing: [], problems };
  }
  const { head, proved, notProved, missing } = verdict;
  const { globalStep = null, savedAtUnixSeconds } = head;
  const saved_at = savedAtUnixSeconds === undefined ? null : formatSeconds(savedAtUnixSeconds);
  return { ...base, global_step: globalStep, saved_at, proved, not_proved: notProved, missing, problems: [] };
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
  const fallback = asked.switches.has('fallback');
  if (fallback && !isDirectory)
    throw new RecoveryError('USAGE_INVALID', `--fallback goes with a directory, and ${path} is none`);
  const newest = isDirectory
    ? await open(path).load({ fallback })
    : await loadNewest(policyJson, hostFiles, [{ source: 'primary', path }]);
  const loaded = openLoaded(newest, hostFiles);
  if (output.json) {
    output.printJson({
      schema_version: 1,
      source: loaded.source,
      path: loaded.path,
      run_id: loaded.runId,
      global_step: loaded.globalStep,
      optimizer_step: loaded.optimizerStep,
      saved_at_unix_seconds: loaded.savedAtUnixSeconds,
      grade: gradeCheckpoint(newest.checkpoint),
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
  const content = makePolicyContent({
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
  });
  const saved = await open(directory).save(content);
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
