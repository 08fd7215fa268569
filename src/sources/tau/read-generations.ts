import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import {
  chooseRestore,
  type OperatorChoice,
  type Restore,
  type RestoreCandidate,
  type RestoreSource,
} from '../../core/checkpoint/choose-restore.ts';
import { type JudgedCheckpoint, judgePath } from '../../core/checkpoint/format.ts';
import type { CheckpointEvidence } from '../../core/evidence/checkpoint-schema.ts';
import { translateCheckpoint } from '../../core/evidence/translate-checkpoint.ts';
import { policyJson } from '../../platform/checkpoint-formats/policy-json/policy-json.ts';
import type { PolicyFacts } from '../../platform/checkpoint-formats/policy-json/schema.ts';
import { layoutOf } from '../../platform/checkpoint-stores/directory/layout.ts';
import { hostFiles, makeHostFiles } from '../../platform/files/host-files.ts';
import type { TauLayout } from './layout.ts';

/** What Tau's save writes before it deletes the primary and renames. Source: formats/tau 2.4 and 4.1. */
const LEFTOVER = /^policy-checkpoint\.json\.tmp\.\d+$/;
/** More leftovers than this are not from a few crashes. */
const LEFTOVERS = 16;

/** The directory may be another user's. */
const OWN_FILES = makeHostFiles('of_one_owner');

/** Every generation there is, the primary first, and the one that a resume takes. */
export type Generations = { readonly checkpoints: readonly CheckpointEvidence[]; readonly restore: Restore };

/**
 * Reads and judges every checkpoint that may be loaded. `named` is the one a rollback is asked for by now.
 *
 * Errors: none; what is wrong is part of the answer.
 */
export async function readGenerations(
  layout: TauLayout,
  { choice, named }: { readonly choice?: OperatorChoice; readonly named?: string },
): Promise<Generations> {
  const read: Candidate[] = [
    await readCandidate('primary', layout.primary),
    await readCandidate('fallback', layout.fallback),
  ];
  for (const path of findLeftovers(layout.directory)) read.push(await readCandidate('leftover', path));
  if (choice) read.push(...(await readChosen(choice, layout, read)));
  const asked = named === undefined ? [] : [await readNamed(resolveNamed(named, layout), layout)];
  return {
    checkpoints: [...read, ...asked].map(({ source, judged }) => translateCheckpoint(source, judged)),
    restore: chooseRestore(read.map(translateCandidate), choice),
  };
}

type Candidate = { readonly source: CheckpointEvidence['source']; readonly judged: JudgedCheckpoint<PolicyFacts> };

async function readCandidate(source: CheckpointEvidence['source'], path: string): Promise<Candidate> {
  return { source, judged: await judgePath(policyJson, OWN_FILES, path) };
}

/** Whoever names a file elsewhere means what it leads to. */
async function readNamed(path: string, { directory }: TauLayout): Promise<Candidate> {
  if (dirname(path) === directory) return readCandidate('named', path);
  return { source: 'named', judged: await judgePath(policyJson, hostFiles, path) };
}

function translateCandidate({ source, judged: { verdict, facts } }: Candidate): RestoreCandidate {
  const known: RestoreSource = source === 'named' ? 'chosen' : source;
  return { source: known, verdict, ...(facts.sha256 !== undefined && { sha256: facts.sha256 }) };
}

/** The chosen one, where it is none of the generations: at its path, or where a later action put it aside. */
async function readChosen(
  { path, sha256 }: OperatorChoice,
  { directory }: TauLayout,
  read: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const isKnown = ({ judged: { facts } }: Candidate): boolean =>
    sha256 === undefined ? facts.path === path : facts.sha256 === sha256;
  if (path.includes('\0') || read.some(isKnown)) return [];
  const atPath = read.some(({ judged }) => judged.facts.path === path) ? [] : [await readCandidate('chosen', path)];
  if (sha256 === undefined || atPath.some(isKnown)) return atPath;
  const aside = await readCandidate('chosen', layoutOf(directory, policyJson.fileName).asidePath(sha256));
  return isKnown(aside) ? [aside] : atPath;
}

function findLeftovers(directory: string): readonly string[] {
  try {
    const names = readdirSync(directory).filter((name) => LEFTOVER.test(name));
    return names
      .sort()
      .slice(0, LEFTOVERS)
      .map((name) => join(directory, name));
  } catch {
    // A directory that is not there yet, or may not be listed: its files are read by name.
    return [];
  }
}

function resolveNamed(name: string, layout: TauLayout): string {
  if (name === 'primary') return layout.primary;
  return name === 'fallback' ? layout.fallback : resolve(name);
}
