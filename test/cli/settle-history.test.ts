import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { makeRandom } from '../explorer/schedule.ts';
import { countStates, expectInvariants } from '../helpers/invariants.ts';
import { type Act, type LedgerJob, makeLedgerJob } from '../helpers/ledger-job.ts';
import { parseAnswer, pick } from '../helpers/salvor.ts';
import { queryStore } from '../helpers/state.ts';
import { waitFor } from '../helpers/wait-for.ts';

/** Every key is the number of another row. */
const KEYS = ['3', '2', '1'];
/** How a row in hand ends: its runner is killed before or after the effect, or while its command waits. */
const ACTS: readonly Act[] = ['before', 'torn', 'hold', 'pause'];
const RESUME = ['--choice', 'resume', '--yes', '--json', '--orphans', 'end'];

type Row = { readonly number: number; readonly key: string; readonly status: string };

const readRows = (job: LedgerJob): readonly Row[] =>
  queryStore(job.state, 'SELECT number, key, status FROM units ORDER BY number') as unknown as readonly Row[];

const isShipped = (job: LedgerJob, key: string) => job.ledger().some((line) => line.startsWith(`${key} `));

async function settle(job: LedgerJob, names: readonly string[], as: string): Promise<unknown> {
  const ended = await job.salvor(['settle', job.jobId(), ...names, '--as', as, '--reason', 'seen', '--json']);
  if (ended.code === 0) return 'settled';
  return pick(parseAnswer(ended), 'error.code');
}

/** Starts or resumes the job, and has the first row that is left end as it is told. */
async function runUntilHurt(job: LedgerJob, args: readonly string[], { act, key }: { act: Act; key: string }) {
  rmSync(job.folder.at('go'), { force: true });
  job.act({ [key]: act });
  const number = String(KEYS.indexOf(key) + 1);
  await using runner = job.start(args);
  if (act === 'hold' || act === 'pause') {
    const inHand = act === 'hold' ? 'receipt' : 'intent';
    await waitFor('the row is in hand', () => job.events(inHand).includes(Number(number)) && !job.willAct(key));
    // Nobody's word about it is taken while it is, however it is named.
    expect(await settle(job, ['--number', number], 'pending')).toBe('RUNNER_ALIVE');
    expect(await settle(job, ['--key', key], 'done')).toBe('RUNNER_ALIVE');
    runner.signalGroup('SIGKILL');
  }
  expect((await runner.ended).signal).toBe('SIGKILL');
}

/** Says what the ledger says of every row that waits: all at once, or one by one. */
async function sayTheTruth(job: LedgerJob, random: () => number): Promise<void> {
  const open = readRows(job).filter(({ status }) => status === 'in_doubt' || status === 'needs_review');
  for (const isDone of [true, false]) {
    const meant = open.filter(({ key }) => isShipped(job, key) === isDone).map(({ number }) => `#${number}`);
    const groups = random() < 0.5 ? meant.map((name) => [name]) : [meant];
    for (const names of groups.filter(({ length }) => length > 0)) {
      expect(await settle(job, names, isDone ? 'done' : 'pending')).toBe('settled');
    }
  }
}

test.concurrent.each([1, 2])(
  'each row has its effect once, whoever dies and is settled when: history %i',
  { timeout: 60_000 },
  async (seed) => {
    const random = makeRandom(seed);
    await using job = await makeLedgerJob({ keys: KEYS });
    let args = ['run', 'job.yaml'];
    for (;;) {
      const [left] =
        args[0] === 'run'
          ? KEYS
          : readRows(job)
              .filter(({ status }) => status === 'pending')
              .map(({ key }) => key);
      if (left === undefined) break;
      const act = ACTS[Math.floor(random() * ACTS.length)] ?? 'before';
      await runUntilHurt(job, args, { act, key: left });
      if (random() < 0.7) await sayTheTruth(job, random);
      args = RESUME;
    }
    await sayTheTruth(job, random);
    if (readRows(job).some(({ status }) => status === 'pending')) expect((await job.salvor(RESUME)).code).toBe(0);
    expect(
      job
        .ledger()
        .map((line) => line.split(' ')[0])
        .toSorted(),
    ).toEqual(KEYS.toSorted());
    expect(countStates(expectInvariants(job.state))).toEqual({ done: KEYS.length });
  },
);
