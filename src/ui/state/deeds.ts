/** What this console really did: its last words are made of this and of nothing else. */
import type { Session, SessionState } from '../../core/session/schema.ts';
import type { UnitWord } from '../../present/families/family-words.ts';
import { formatCount } from '../../present/format.ts';
import { safeText } from '../../present/safe-text.ts';
import { chooseUnitWord } from '../../present/words.ts';

/** A job as it is called on the screen. */
type Named = { readonly jobId: string; readonly name: string };

export type Deeds = {
  /** Keeps a sentence about something that was done; it may have several lines, safe for a terminal. */
  readonly add: (words: string) => void;
  /** Counts units that were settled; those of one job are one sentence. */
  readonly addSettled: (job: Named, count: number, unit: UnitWord) => void;
  /** Waits for something that has been asked for and may still change a job. */
  readonly wait: (work: Promise<void>) => void;
  /** Resolves when nothing is waited for; `undefined` when that is so now. */
  readonly whenDone: () => Promise<void> | undefined;
  /** What to print after the terminal was given back: a sentence for each deed, oldest first. */
  readonly lastWords: () => string;
};

type Settled = { readonly job: Named; readonly count: number; readonly unit: UnitWord };

/** Makes an empty account of deeds. Errors: none. */
export function makeDeeds(): Deeds {
  const deeds: (string | Settled)[] = [];
  const pending = new Set<Promise<void>>();
  return {
    add: (words) => {
      deeds.push(words);
    },
    addSettled: (job, count, unit) => {
      const at = deeds.findIndex((deed) => typeof deed !== 'string' && deed.job.jobId === job.jobId);
      const before = deeds[at];
      if (typeof before === 'object') deeds[at] = { ...before, count: before.count + count };
      else deeds.push({ job, count, unit });
    },
    wait: (work) => {
      pending.add(work);
      void work.finally(() => pending.delete(work));
    },
    whenDone: () => (pending.size === 0 ? undefined : Promise.all(pending).then(() => undefined)),
    lastWords: () =>
      deeds.length === 0
        ? 'Nothing was changed.'
        : deeds.map((deed) => (typeof deed === 'string' ? deed : describeDeed(deed))).join('\n'),
  };
}

function describeDeed({ job, count, unit }: Settled): string {
  return `Job '${safeText(job.name, 200)}': ${formatCount(count, unit)} settled.`;
}

/** Counts every settle of a session once, whoever looks at it; returns how to stop. */
export function followSettles(session: Session, deeds: Deeds, nameJob: () => Named): () => void {
  let counted: unknown;
  return session.subscribe(() => {
    const now = session.snapshot();
    const settled = settledOf(now);
    if (settled === undefined || settled.length === 0 || settled === counted) return;
    counted = settled;
    const evidence = 'evidence' in now ? now.evidence : undefined;
    deeds.addSettled(nameJob(), settled.length, evidence === undefined ? 'row' : chooseUnitWord(evidence));
  });
}

/** The units of the settle that led to a state. */
export function settledOf(state: SessionState) {
  return 'settled' in state ? state.settled : undefined;
}
