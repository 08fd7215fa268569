import { existsSync } from 'node:fs';
import { HINTS, toRecoveryError } from '../../core/errors.ts';
import { systemClock } from '../../platform/clock.ts';
import { readBootId, readPidNamespace } from '../../platform/process-probe.ts';
import { safeText } from '../../present/safe-text.ts';
import type { JobStore, StoreProblem } from '../../store/contract.ts';
import { openJobStore } from '../../store/open-store.ts';
import { storePath } from '../../store/state-directory.ts';
import { isStoreUrl } from '../../store/store-url.ts';
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
  const store = openJobStore(config.stateDirectory, systemClock);
  const checks: readonly Check[] = [
    checkNode(),
    await checkEngine(store),
    checkTerminal(),
    checkLiveness(),
    ...(await checkState(config, store)),
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

/** Which engine keeps the jobs; of one that is not in this process, whether it can be reached. */
async function checkEngine(store: JobStore): Promise<Check> {
  const isReached = isStoreUrl(store.place);
  try {
    const engine = await store.engine();
    const name = engine.split(' ')[0]?.toLowerCase() ?? 'engine';
    return { name, state: 'ok', found: isReached ? `${engine} at ${store.place}` : engine };
  } catch (thrown) {
    const { message, hint } = toRecoveryError(thrown);
    return { name: 'engine', state: 'broken', found: message, advice: hint };
  }
}

async function checkState({ stateDirectory }: Config, store: JobStore): Promise<readonly Check[]> {
  if (isStoreUrl(stateDirectory)) return checkStore(store);
  const checks = checkStateDirectory(stateDirectory);
  const isThere = existsSync(stateDirectory) && checks.every((check) => check.state !== 'broken');
  return isThere ? [...checks, ...(await checkStore(store))] : checks;
}

const DAMAGED = 'Keep a copy of the state directory and see docs/runbook.md, "the store is damaged".';

const ADVICE = {
  damaged: DAMAGED,
  regressed: HINTS.STORE_REGRESSED,
  lock: HINTS.LOCK_DAMAGED,
} as const satisfies Record<StoreProblem['type'], string>;

function describeProblem({ type, jobId, problem }: StoreProblem): Check {
  const found = jobId === undefined ? problem : `job ${jobId}: ${problem}`;
  return { name: 'store', state: 'broken', found, advice: ADVICE[type] };
}

async function checkStore(store: JobStore): Promise<readonly Check[]> {
  const name = 'store';
  try {
    const health = await store.verify();
    const where = isStoreUrl(store.place) ? store.place : storePath(store.place);
    if (!health) return [{ name, state: 'ok', found: `no store in ${where} yet` }];
    if (health.problems.length > 0) return health.problems.map(describeProblem);
    const found = `${health.jobCount} jobs, every row follows from its journal, every audit chain is whole`;
    return [{ name, state: 'ok', found }];
  } catch (thrown) {
    const { code, message, hint } = toRecoveryError(thrown);
    const isReadable = isStoreUrl(store.place) && code !== 'STATE_CORRUPT';
    return [{ name, state: 'broken', found: message, advice: isReadable ? hint : DAMAGED }];
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
