import { readdir, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RecoveryError } from '../../core/errors.ts';
import { describeNearestName } from '../../core/find-nearest-name.ts';
import { ScenarioFile } from './schema.ts';

/** A scenario: a folder whose `input/` is copied, and how its run ends. */
export type Scenario = ScenarioFile & { readonly name: string; readonly inputPath: string };

/**
 * Reads the scenarios that come with Salvor, by name.
 *
 * Errors: INTERNAL when they are not beside the program.
 */
export async function readScenarios(programPath: string): Promise<readonly Scenario[]> {
  const folder = join(dirname(programPath), '..', 'fixtures', 'native');
  try {
    const names = (await readdir(folder)).sort();
    return await Promise.all(names.map((name) => readScenario(folder, name)));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RecoveryError('INTERNAL', `the scenarios in ${folder} cannot be read: ${reason}`, { cause });
  }
}

async function readScenario(folder: string, name: string): Promise<Scenario> {
  const text = await readFile(join(folder, name, 'expect.json'), 'utf8');
  return { ...ScenarioFile.parse(JSON.parse(text)), name, inputPath: join(folder, name, 'input') };
}

/** The scenario of a name, or all without one. Errors: USAGE_INVALID naming the nearest. */
export function selectScenarios(scenarios: readonly Scenario[], name: string | undefined): readonly Scenario[] {
  if (name === undefined) return scenarios;
  const found = scenarios.find((scenario) => scenario.name === name);
  if (found) return [found];
  const names = scenarios.map((scenario) => scenario.name);
  throw new RecoveryError('USAGE_INVALID', `there is no scenario ${name}${describeNearestName(name, names)}`, {
    details: { scenario: name, scenarios: names },
  });
}
