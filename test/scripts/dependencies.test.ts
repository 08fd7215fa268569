import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

const ROOT = path.join(import.meta.dirname, '../..');

type Manifest = {
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
};

function readManifest(folder: string): Manifest {
  return JSON.parse(readFileSync(path.join(ROOT, folder, 'package.json'), 'utf8')) as Manifest;
}

test('package.json: everything is needed to build alone, since the bundle needs no package', () => {
  expect(readManifest('.').dependencies).toBeUndefined();
});

test('docs/dependencies.md: has a row with the installed version for each dependency, and no others', () => {
  const { dependencies, devDependencies } = readManifest('.');
  const installed = Object.keys({ ...dependencies, ...devDependencies }).map(
    (name) => `${name} ${readManifest(`node_modules/${name}`).version}`,
  );
  const page = readFileSync(path.join(ROOT, 'docs/dependencies.md'), 'utf8');
  const rows = [...page.matchAll(/^\| (\S+) \| (\d\S*) \|/gm)].map(([, name, version]) => `${name} ${version}`);
  expect(rows.sort()).toEqual(installed.sort());
});
