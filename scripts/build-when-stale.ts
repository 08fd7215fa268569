import { spawnSync } from 'node:child_process';
import { readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '..');
const DIST = path.join(ROOT, 'dist');
const BUILT = path.join(DIST, 'main.js');

/**
 * Builds dist/ when a source is newer, since tests run the real command. vitest calls it once before all tests.
 *
 * Errors: none; after a build that failed there is no dist/, so that no test runs yesterday's command.
 */
export default function buildWhenStale(): void {
  const recipes = ['package.json', 'scripts/build.mjs', 'scripts/third-party.mjs'].map((name) => path.join(ROOT, name));
  const sources = [...recipes, ...listFiles('src')];
  const builtAtMs = statSync(BUILT, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  if (sources.every((file) => statSync(file).mtimeMs <= builtAtMs)) return;
  const { status } = spawnSync(process.execPath, [path.join(ROOT, 'scripts/build.mjs')], { stdio: 'inherit' });
  if (status !== 0) rmSync(DIST, { recursive: true, force: true });
}

function listFiles(folder: string): readonly string[] {
  return readdirSync(path.join(ROOT, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name));
}
