// Writes what the licences of bundled packages ask for: their texts, with everything that is built from them.
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';

const LICENCE_FILE = /^(licen[cs]e|copying|notice)/i;

/** Packages that come without the text of their licence, and the one of the same owner and licence that has it. */
const TEXT_OF = { 'yoga-layout': 'react', 'pg-types': 'pg' };

const HEAD = `Salvor is distributed as a bundle. Besides its own code (see LICENSE) the bundle contains the packages below,
each with the licence it comes under.
`;

/**
 * The notice for everything in the outputs of a metafile: packages by name and version, those with the same text
 * together.
 *
 * Errors: throws for a package whose licence has no text anywhere.
 */
export async function formatNotice(metafile, root) {
  const folders = listPackages(metafile);
  const byText = new Map();
  for (const folder of folders) {
    const { name, version, license } = await readManifest(path.join(root, folder));
    const text =
      (await readTexts(path.join(root, folder))) ?? (await readTexts(siblingOf(root, folder, TEXT_OF[name])));
    if (text === undefined)
      throw new Error(`${folder} has no text of its licence (${license}); see scripts/third-party.mjs`);
    byText.set(text, new Set([...(byText.get(text) ?? []), `${name} ${version} (${license})`]));
  }
  const parts = [...byText].map(([text, names]) => `${[...names].sort().join('\n')}\n\n${text}\n`);
  return [HEAD, ...parts.sort()].join(`\n${'-'.repeat(80)}\n\n`);
}

/** The folders, from the root, of the packages that have a part in an output. */
export function listPackages({ outputs }) {
  const inputs = Object.values(outputs).flatMap((output) => Object.keys(output.inputs));
  return [
    ...new Set(inputs.flatMap((input) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input)?.[1] ?? [])),
  ].sort();
}

async function readManifest(folder) {
  return JSON.parse(await readFile(path.join(folder, 'package.json'), 'utf8'));
}

function siblingOf(root, folder, name) {
  return name === undefined ? undefined : path.join(root, path.dirname(folder), name);
}

async function readTexts(folder) {
  if (folder === undefined) return undefined;
  const names = (await readdir(folder)).filter((name) => LICENCE_FILE.test(name)).sort();
  const texts = await Promise.all(names.map((name) => readFile(path.join(folder, name), 'utf8')));
  return texts.length === 0 ? undefined : texts.map((text) => text.replaceAll('\r\n', '\n').trim()).join('\n\n');
}
