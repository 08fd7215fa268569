/** Salvor as users get it: packed by npm from a copy of this clone, and installed where nothing else is. */
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.join(import.meta.dirname, '../..');
/** What building and packing take. */
const SOURCES = ['bin', 'src', 'scripts', 'docs', 'fixtures'];
const FILES = ['package.json', 'tsconfig.json', 'tsconfig.types.json', 'README.md', 'LICENSE', 'CHANGELOG.md'];

/** npm on the tests' own Node.js, asking nobody anything over the network. */
function npm(cwd: string, ...words: readonly string[]): string {
  const PATH = `${path.dirname(process.execPath)}:${process.env['PATH']}`;
  const env = { ...process.env, PATH, npm_config_audit: 'false', npm_config_fund: 'false', npm_config_offline: 'true' };
  return execFileSync('npm', [...words], { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Builds and packs; answers the path of the tarball. The clone's own dist/ is not touched. */
export function packPackage(folder: string): string {
  const copy = path.join(folder, 'clone');
  mkdirSync(copy);
  for (const name of SOURCES) cpSync(path.join(ROOT, name), path.join(copy, name), { recursive: true });
  for (const name of FILES) cpSync(path.join(ROOT, name), path.join(copy, name));
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(copy, 'node_modules'));
  npm(copy, 'pack', '--pack-destination', folder);
  return path.join(folder, readdirSync(folder).find((name) => name.endsWith('.tgz')) ?? 'nothing was packed');
}

/** `npm install --global TARBALL` into a prefix of its own; answers the command it put there. */
export function installGlobally(folder: string, tarball: string): string {
  const prefix = path.join(folder, 'prefix');
  npm(folder, 'install', '--global', '--prefix', prefix, tarball);
  return path.join(prefix, 'bin', 'salvor');
}

/** `npm install TARBALL` in a project of its own; answers the project's directory. */
export function installInProject(folder: string, tarball: string): string {
  const project = path.join(folder, 'project');
  mkdirSync(project);
  writeFileSync(path.join(project, 'package.json'), '{"name":"project","private":true,"type":"module"}');
  npm(project, 'install', tarball);
  return project;
}
