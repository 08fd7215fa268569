/** Copies of the scenarios under fixtures/tau, and state directories made on the spot. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const FIXTURES = fileURLToPath(new URL('../../fixtures/tau/', import.meta.url));

/** A directory of a test's own; it goes at the end of the scope. */
export type TauFolder = Disposable & {
  readonly path: string;
  /** Where this test keeps what Salvor keeps outside the directory. */
  readonly env: Readonly<Record<string, string>>;
  readonly read: (name: string) => string;
  readonly readJson: (name: string) => Readonly<Record<string, unknown>>;
  readonly write: (name: string, text: string) => void;
  readonly rows: () => readonly Readonly<Record<string, unknown>>[];
  /** Every file with its bytes, by name. */
  readonly snapshot: () => Readonly<Record<string, string>>;
};

/** A state directory with these files in it. */
export function makeTauFolder(files: Readonly<Record<string, string>> = {}): TauFolder {
  const root = mkdtempSync(join(tmpdir(), 'salvor-tau-'));
  const path = join(root, 'training');
  mkdirSync(path);
  const folder: TauFolder = {
    path,
    env: { XDG_STATE_HOME: join(root, 'state') },
    read: (name) => readFileSync(join(path, name), 'utf8'),
    readJson: (name) => JSON.parse(readFileSync(join(path, name), 'utf8')),
    write: (name, text) => writeFileSync(join(path, name), text),
    rows: () =>
      readFileSync(join(path, 'control-audit.jsonl'), 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    snapshot: () => snapshot(path),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  };
  for (const [name, text] of Object.entries(files)) folder.write(name, text);
  return folder;
}

/** A copy of a scenario of fixtures/tau. */
export function copyTauFixture(scenario: string): TauFolder {
  const folder = makeTauFolder();
  cpSync(join(FIXTURES, scenario, 'input'), folder.path, { recursive: true });
  return folder;
}

/** What a scenario is expected to come to. */
export function readTauExpectation(scenario: string): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, scenario, 'expect.json'), 'utf8'));
}

/** The names of all scenarios. */
export function listTauScenarios(): readonly string[] {
  return readdirSync(FIXTURES).filter((name) => name !== 'policy');
}

function snapshot(path: string, prefix = ''): Readonly<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const name = `${prefix}${entry.name}`;
    if (entry.isDirectory()) Object.assign(found, { [`${name}/`]: '' }, snapshot(join(path, entry.name), `${name}/`));
    else found[name] = readFileSync(join(path, entry.name), 'latin1');
  }
  return found;
}

/** A checkpoint of run-77 as text, its steps and its time as they are given. */
export function tauCheckpoint(globalStep: string | number, runId = 'run-77', savedAtSeconds = 1_764_000_000): string {
  const [step, run] = [String(globalStep), JSON.stringify(runId)];
  return `{"checkpoint_version":1,"run_id":${run},"policy_state":{"w":[0.5]},"optimizer_state":{"lr":0.001},"global_step":${step},"optimizer_step":${step},"saved_at_unix_seconds":${savedAtSeconds}}`;
}

/** A control state as text. */
export function tauState(lifecycle: string, change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    schema_version: 1,
    updated_unix_ms: 1_764_000_000_123,
    lifecycle_state: lifecycle,
    last_action: 'resume',
    principal: 'local:ana',
    rollback_checkpoint: null,
    ...change,
  });
}

/** A training status as text. */
export function tauStatus(runState: string, change: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    schema_version: 1,
    updated_unix_ms: 1_764_000_000_500,
    run_state: runState,
    model_ref: 'openai/gpt-x',
    store_path: '.tau/training/store.sqlite',
    total_rollouts: 40,
    succeeded: 12,
    failed: 1,
    cancelled: 0,
    ...change,
  });
}
