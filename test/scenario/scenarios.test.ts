import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { endLeftovers } from '../../src/cli/demo/end-leftovers.ts';
import { type MadeJob, makeJob } from '../../src/cli/demo/make-job.ts';
import { readScenarios, type Scenario } from '../../src/cli/demo/read-scenarios.ts';
import { diagnose } from '../../src/core/families/diagnose.ts';
import { buildProposals } from '../../src/core/families/propose.ts';
import { systemClock } from '../../src/platform/clock.ts';
import { makeNativePlace } from '../../src/sources/native/read.ts';
import { openJobStore } from '../../src/store/open-store.ts';
import { type Folder, makeFolder } from '../helpers/make-folder.ts';
import { PROGRAM, parseAnswer, pick, runSalvor } from '../helpers/salvor.ts';
import { describeSeen, type Expectation, readExpectation } from './read-expectation.ts';

const SCENARIOS = await readScenarios(PROGRAM);
const AUTHORITY = { principal: 'local:test', policy: { type: 'none' }, readOnly: false, canAct: true } as const;

let folder: Folder | undefined;

afterEach(async () => {
  if (!folder) return;
  await endLeftovers(makeNativePlace(openJobStore(folder.at('state'), systemClock)), { runners: true });
  await folder[Symbol.asyncDispose]();
  folder = undefined;
});

/** Makes the job of a scenario in a fresh directory. */
async function make(scenario: Scenario) {
  folder = await makeFolder();
  const state = folder.at('state');
  const place = makeNativePlace(openJobStore(state, systemClock));
  const workshop = { directory: folder.path, stateDirectory: state, place, programPath: PROGRAM };
  const made = await makeJob(scenario, { ...workshop, abort: new AbortController().signal });
  return { place, state, made, expected: readExpectation(dirname(scenario.inputPath)) };
}

test.each(SCENARIOS.map((scenario) => [scenario.name, scenario] as const))(
  'scenario %s: is seen and recovered as it says',
  async (_name, scenario) => {
    const { place, state, made, expected } = await make(scenario);
    const evidence = await place.collect(made.ref.id);
    const diagnosis = diagnose(evidence);
    const proposals = buildProposals({ evidence, diagnosis, authority: AUTHORITY });
    expect(describeSeen(evidence, diagnosis, proposals)).toEqual(expected.seen);
    await recover(state, made, expected);
    expect(countEffects(made, expected)).toEqual({ lines: expected.effects.count, twice: [] });
  },
);

/** Says to the real program what the scenario's person would, and compares the answer. */
async function recover(state: string, { ref, folder: place }: MadeJob, { recovery }: Expectation): Promise<void> {
  for (const [file, text] of Object.entries(recovery.prepare ?? {})) writeFileSync(join(place, file), text);
  const ended = await runSalvor([...recovery.args, '--job', ref.id, '--state', state, '--json']);
  const answer = parseAnswer(ended);
  const found = { exit_code: ended.code, status: pick(answer, 'outcome.status'), error: pick(answer, 'error.code') };
  const { exit_code, status, error } = recovery;
  expect(found).toEqual({ exit_code, status, error });
}

/** How many effects the commands logged, and the keys of rows whose effect happened more than once. */
function countEffects({ folder: place }: MadeJob, { effects }: Expectation) {
  const keys = readFileSync(join(place, effects.file), 'utf8').trimEnd().split('\n');
  const names = keys.map((line) => line.split(' ')[0] ?? '');
  return { lines: names.length, twice: names.filter((name, index) => names.indexOf(name) !== index) };
}

test('scenario api-timeout: its prompt is the one of the contract, to the letter', async () => {
  const scenario = SCENARIOS.find(({ name }) => name === 'api-timeout');
  const { state } = await make(scenario as Scenario);
  const { stdout } = await runSalvor(['show', 'California Orders', '--prompt', '--state', state]);
  expect(stdout).toBe(`Job 'California Orders' was interrupted at row 47/200.

Last completed: Row 47 (tracking: 1Z999AA10123456784)
Remaining: 153 rows

Last error: E-3001: UPS API timeout
Resume will retry from the failed row.

Options:
  [resume]  - Continue from where it stopped
  [restart] - Start over from the beginning (may create duplicates!)
  [cancel]  - Abandon this job
`);
});

test('every scenario: has a README that is headed by its job', () => {
  for (const { inputPath, job } of SCENARIOS) {
    expect(readFileSync(join(dirname(inputPath), 'README.md'), 'utf8').split('\n')[0]).toBe(`# ${job}`);
  }
});
