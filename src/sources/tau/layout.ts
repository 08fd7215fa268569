/** Where things are in a Tau state directory. Source: formats/tau 2. */
import { basename, dirname, join } from 'node:path';

/** The paths of one state directory. `policy` is where its project keeps the access policy. */
export type TauLayout = {
  readonly directory: string;
  readonly state: string;
  readonly audit: string;
  readonly status: string;
  readonly primary: string;
  readonly fallback: string;
  readonly report: string;
  /** Earlier reports. */
  readonly reports: string;
  readonly store: string;
  /** Which process the last trainer is that Salvor started, and how it ended. */
  readonly trainer: string;
  readonly policy: string;
};

/** The layout of a directory. */
export function tauLayout(directory: string): TauLayout {
  const at = (name: string) => join(directory, name);
  return {
    directory,
    state: at('control-state.json'),
    audit: at('control-audit.jsonl'),
    status: at('status.json'),
    primary: at('policy-checkpoint.json'),
    fallback: at('policy-checkpoint.rollback.json'),
    report: at('recovery-report.json'),
    reports: at('reports'),
    store: at('store.sqlite'),
    trainer: at('salvor-trainer.json'),
    policy: join(dirname(directory), 'security', 'rbac.json'),
  };
}

/** What a directory is called: its own name, and its project's where the name is everybody's. */
export function nameOf(directory: string): string {
  const [name, parent] = [basename(directory), dirname(directory)];
  if (!basename(parent).startsWith('.') || parent === dirname(parent)) return name === '' ? directory : name;
  return `${basename(dirname(parent))}/${basename(parent)}/${name}`;
}
