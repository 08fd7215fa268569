import { existsSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { HINTS } from '../../core/errors.ts';
import { readBootId, readPidNamespace } from '../../platform/process-probe.ts';
import { safeText } from '../../present/safe-text.ts';
import { compareMarks, findDamagedLocks } from '../../sources/native/compare-marks.ts';
import { lookAtStore, storePath } from '../../store/database.ts';
import { type StoreProblem, verifyStore } from '../../store/verify-store.ts';
import { type Check, checkStateDirectory } from '../check-state.ts';
import type { CommandContext } from '../command-context.ts';
import type { Config } from '../config.ts';
import { readPolicy } from '../read-policy.ts';

const OLDEST_NODE = 24;

/**
 * `salvor doctor`: what works here, and what to do about what does not. Changes nothing.
 *
 * Exits 0 when nothing is broken, 3 otherwise. Source: contract, commands.
 */
export async function runDoctor({ config, output, version }: CommandContext): Promise<number> {
  const checks: readonly Check[] = [
    checkNode(),
    { name: 'sqlite', state: 'ok', found: `SQLite ${readSqliteVersion()}` },
    checkTerminal(),
    checkLiveness(),
    ...checkState(config),
    await checkPolicy(config),
  ];
  const broken = checks.some((check) => check.state === 'broken');
  if (output.json) {
    output.printJson({
      schema_version: 1,
      salvor_version: version,
      healthy: !broken,
      checks: checks.map(translateCheck),
    });
  } else {
    output.print(`salvor ${version}`);
    for (const { name, state, found, advice } of checks) {
      output.print(`${state.padEnd(8)} ${name.padEnd(10)} ${safeText(found, 300)}`);
      if (advice !== undefined && state !== 'ok') output.print(`${' '.repeat(20)}${advice}`);
    }
  }
  return broken ? 3 : 0;
}

function translateCheck({ name, state, found, advice }: Check): unknown {
  return { name, state, found, advice: state === 'ok' ? null : (advice ?? null) };
}

function checkNode(): Check {
  const fit = Number(process.versions.node.split('.')[0]) >= OLDEST_NODE;
  const advice = `Install Node.js ${OLDEST_NODE} or newer.`;
  return { name: 'node', state: fit ? 'ok' : 'broken', found: `Node.js ${process.versions.node}`, advice };
}

function readSqliteVersion(): string {
  const database = new DatabaseSync(':memory:');
  const version = String(database.prepare('SELECT sqlite_version() AS v').get()?.v);
  database.close();
  return version;
}

function checkTerminal(): Check {
  const fit = process.stdin.isTTY === true && process.stdout.isTTY === true && process.env.TERM !== 'dumb';
  const advice = 'The console needs a terminal; the scripted form does not.';
  if (!fit) return { name: 'terminal', state: 'warning', found: 'no terminal for the console', advice };
  const found = `${process.stdout.columns}x${process.stdout.rows}, TERM=${process.env.TERM ?? ''}`;
  return { name: 'terminal', state: 'ok', found };
}

function checkLiveness(): Check {
  const bootId = readBootId();
  const fit = bootId !== undefined && readPidNamespace() !== undefined;
  const advice = 'Without /proc only the lock tells whether a runner lives, and orphans cannot be found.';
  return { name: 'liveness', state: fit ? 'ok' : 'warning', found: fit ? `boot ${bootId}` : 'no /proc', advice };
}

function checkState({ stateDirectory }: Config): readonly Check[] {
  const checks = checkStateDirectory(stateDirectory);
  const isThere = existsSync(stateDirectory) && checks.every((check) => check.state !== 'broken');
  return isThere ? [...checks, ...checkStore(stateDirectory)] : checks;
}

const REGRESSED = HINTS.STORE_REGRESSED;

function describeProblem({ jobId, problem }: StoreProblem, advice: string): Check {
  return { name: 'store', state: 'broken', found: jobId === undefined ? problem : `job ${jobId}: ${problem}`, advice };
}

function checkStore(stateDirectory: string): readonly Check[] {
  const name = 'store';
  const advice = 'Keep a copy of the state directory and see docs/runbook.md, "the store is damaged".';
  try {
    const seen = lookAtStore(stateDirectory, (database) => ({
      problems: verifyStore(database),
      count: Number(database.prepare('SELECT count(*) AS n FROM jobs').get()?.n),
    }));
    if (!seen) return [{ name, state: 'ok', found: `no store in ${storePath(stateDirectory)} yet` }];
    const broken = seen.problems.map((problem) => describeProblem(problem, advice));
    const regressed = compareMarks(stateDirectory).map((problem) => describeProblem(problem, REGRESSED));
    const locks = findDamagedLocks(stateDirectory).map((problem) => describeProblem(problem, HINTS.LOCK_DAMAGED));
    if (broken.length + regressed.length + locks.length > 0) return [...broken, ...regressed, ...locks];
    return [
      {
        name,
        state: 'ok',
        found: `${seen.count} jobs, every row follows from its journal, every audit chain is whole`,
      },
    ];
  } catch (error) {
    return [{ name, state: 'broken', found: error instanceof Error ? error.message : String(error), advice }];
  }
}

async function checkPolicy({ policyPath }: Config): Promise<Check> {
  const policy = await readPolicy(policyPath);
  const name = 'policy';
  if (policy.type === 'none') return { name, state: 'ok', found: 'none named: everybody may do everything' };
  if (policy.type === 'invalid') {
    return {
      name,
      state: 'broken',
      found: policy.problem,
      advice: 'Correct the policy file; until then every action is denied.',
    };
  }
  const files = policy.type === 'file' ? [policy] : policy.policies;
  const found = files
    .map(({ path, file }) => `${path}, team mode ${file.team_mode ? 'on' : 'off: everybody may do everything'}`)
    .join('; ');
  return { name, state: 'ok', found };
}
