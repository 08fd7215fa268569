import { RecoveryError } from '../../../core/errors.ts';
import type { TakenBackWord, UnitOutcome, UnitWork } from '../../../core/execution/unit-engine.ts';
import { buildRunEnvironment } from '../../command/row-environment.ts';
import type { LocalEngineOptions } from './local-engine-options.ts';
import { openWorker, type Worker, type WorkerEnd } from './open-worker.ts';

/** Gives rows to the job's worker, starting it when there is none. */
export type WorkerRunner = {
  readonly start: () => Promise<void>;
  readonly perform: (work: UnitWork, onReceipt: (receipt: string) => Promise<void>) => Promise<UnitOutcome>;
  readonly stop: () => Promise<void>;
  readonly kill: () => void;
};

/** A worker that ends this often in a row, without having answered a single row, will not get better. */
const DEATH_LIMIT = 3;

/**
 * Makes the runner of `worker`. A worker that died is started again for the next row.
 *
 * Errors: none. `perform` rejects with
 *         RUN_FAILED when the worker keeps dying without finishing a row, and with what `onReceipt` rejects with.
 * Source: contract, job files (worker).
 */
export function makeWorkerRunner(args: readonly string[], options: LocalEngineOptions): WorkerRunner {
  const { jobName, env } = options.program;
  const environment = buildRunEnvironment({ ...options, jobName }, env);
  let worker: Worker | undefined;
  let opening: Promise<Worker> | undefined;
  let deaths = 0;
  let killed = false;
  /** Rows whose no was taken back: sent once more, they would be done twice. */
  const takenBack = new Map<number, TakenBackWord>();
  const heardOptions: LocalEngineOptions = {
    ...options,
    onTakenBack: (work, word) => {
      takenBack.set(work.number, { ...takenBack.get(work.number), ...word });
      options.onTakenBack?.(work, word);
    },
  };

  const countDeath = ({ asked, answeredCount, error }: WorkerEnd) => {
    if (asked) return;
    deaths = answeredCount > 0 ? 0 : deaths + 1;
    options.onLine(undefined, 'note', error.message);
  };
  const open = async (): Promise<Worker> => {
    const last = await worker?.ended;
    if (killed) throw new RecoveryError('RUN_INTERRUPTED', 'the worker was ended');
    if (last && deaths >= DEATH_LIMIT) {
      const message = `the worker ended ${deaths} times in a row without finishing a row; last: ${last.error.message}`;
      throw new RecoveryError('RUN_FAILED', message, { details: { deaths, error: last.error } });
    }
    options.faults?.reach('before-spawn');
    const opened = openWorker(heardOptions, args, environment);
    void opened.ended.then(countDeath);
    worker = opened;
    options.faults?.reach('after-spawn');
    return opened;
  };
  const openOnce = () => {
    opening ??= open().finally(() => {
      opening = undefined;
    });
    return opening;
  };

  return {
    start: async () => {
      await openOnce();
    },
    async perform(work, onReceipt) {
      for (;;) {
        const current = worker?.isOpen() ? worker : await openOnce();
        const word = takenBack.get(work.number);
        if (word) return { type: 'unknown', ...word };
        const outcome = await current.submit(work, onReceipt);
        if (outcome) return judgeTakenBack(outcome, takenBack.get(work.number));
      }
    },
    stop: async () => worker?.close(),
    kill: () => {
      killed = true;
      worker?.kill();
    },
  };
}

/** Decides again when the no of an earlier try was taken back while this one was under way: it may have been done twice. */
function judgeTakenBack(outcome: UnitOutcome, word: TakenBackWord | undefined): UnitOutcome {
  if (!word || (outcome.type === 'done' && outcome.receipt !== undefined && outcome.receipt === word.receipt)) {
    return outcome;
  }
  const second = outcome.type === 'failed' ? undefined : outcome.receipt;
  const again = second === undefined ? '' : `; it was tried again, and gave receipt ${second}`;
  const receipt = word.receipt ?? second;
  return {
    type: 'unknown',
    error: { code: word.error.code, message: `${word.error.message}${again}` },
    ...(receipt !== undefined && { receipt }),
    ...(outcome.type === 'unknown' && outcome.isOver === false && { isOver: false }),
  };
}
