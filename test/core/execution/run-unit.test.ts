import { describe, expect, it } from 'vitest';
import { RecoveryError } from '../../../src/core/errors.ts';
import { runUnit, type UnitEnd, type UnitPorts } from '../../../src/core/execution/run-unit.ts';
import type {
  BegunWork,
  TakenBackWord,
  UnitOutcome,
  UnitWork,
  VerifyOutcome,
} from '../../../src/core/execution/unit-engine.ts';

const UNIT: UnitWork = { number: 7, key: 'A7', idempotencyKey: 'job:1:7', attempt: 1, rowJson: '{}' };
const ERROR = { code: 'E-3001', message: 'UPS API timeout' };
const FAILED: UnitOutcome = { type: 'failed', error: ERROR };
const UNKNOWN: UnitOutcome = { type: 'unknown', error: ERROR };

type Script = {
  /** How each attempt ends; a receipt is told before it does. */
  readonly attempts: readonly (UnitOutcome | Error)[];
  readonly receipt?: string;
  /** What the work is known by; it is told before a receipt is. */
  readonly reference?: string;
  /** How the work ends that an earlier runner began. */
  readonly attached?: UnitOutcome | Error;
  readonly verify?: VerifyOutcome;
  readonly tries?: number;
  /** Whether a wait for another try is cut short. */
  readonly stops?: true;
  /** An earlier no of the unit turns out to be none while it is under way. */
  readonly takenBack?: TakenBackWord;
  /** What else there is of the unit. */
  readonly unit?: Pick<BegunWork, 'reference'>;
  /** The first of this news cannot be recorded. */
  readonly unwritable?: string;
};

/** Runs the unit and says, in order, what was recorded and what was reached. */
async function run(script: Script) {
  const trace: string[] = [];
  let performed = 0;
  const ports: UnitPorts = {
    engine: {
      start: async () => {},
      stop: async () => {},
      kill: () => {},
      async perform(work, onReceipt, onReference) {
        trace.push(`perform ${work.attempt} ${work.idempotencyKey}`);
        const outcome = script.attempts[performed];
        performed += 1;
        if (script.reference !== undefined) await onReference(script.reference);
        if (script.receipt !== undefined) await onReceipt(script.receipt);
        if (outcome === undefined || outcome instanceof Error)
          throw outcome ?? new Error('nobody expected another attempt');
        return outcome;
      },
      ...(script.attached && {
        attach: async ({ reference, attempt }) => {
          trace.push(`attach ${attempt} ${reference}`);
          if (script.attached instanceof Error || !script.attached) throw script.attached;
          return script.attached;
        },
      }),
      ...(script.verify && {
        verify: async () => {
          trace.push('verify');
          return script.verify as VerifyOutcome;
        },
      }),
    },
    async record({ atMs: _atMs, number: _number, ...news }) {
      if (news.type === script.unwritable) throw new RecoveryError('STATE_UNWRITABLE', 'the disk is full');
      const { error, ...rest } = 'error' in news ? news : { ...news, error: undefined };
      trace.push(`record ${Object.values(rest).join(' ')}${error ? ` ${error.code}` : ''}`);
    },
    clock: { nowMs: () => 0 },
    faults: { reach: (point) => void trace.push(point) },
    takenBack: () => script.takenBack,
    delayBeforeRetryMs: (_error, tries) => (tries < (script.tries ?? 1) ? 10 : undefined),
    wait: async (durationMs) => {
      trace.push(`wait ${durationMs}`);
      return script.stops !== true;
    },
  };
  try {
    const { committed, ...end } = await runUnit({ ...UNIT, ...script.unit }, ports);
    await committed;
    return { trace, end: end as Omit<UnitEnd, 'committed'> };
  } catch (error) {
    return { trace, thrown: error instanceof RecoveryError ? error.code : String(error) };
  }
}

const BEGUN = ['record intent 1', 'after-intent', 'perform 1 job:1:7'];

describe('runUnit, order', () => {
  it('records intent, receipt and outcome, each before what comes next', async () => {
    const { trace, end } = await run({
      attempts: [{ type: 'done', receipt: '1Z', resultJson: '{"ok":1}' }],
      receipt: '1Z',
    });
    expect(trace).toEqual([
      ...BEGUN,
      'before-receipt',
      'record receipt 1Z',
      'after-receipt',
      'after-effect',
      'record done 1Z {"ok":1}',
    ]);
    expect(end).toEqual({ type: 'done', receipt: '1Z' });
  });

  it('performs nothing when the intent cannot be recorded', async () => {
    expect(await run({ attempts: [], unwritable: 'intent' })).toEqual({ trace: [], thrown: 'STATE_UNWRITABLE' });
  });

  it('leaves the unit in doubt when its receipt cannot be recorded', async () => {
    const { trace, thrown } = await run({ attempts: [FAILED], receipt: '1Z', unwritable: 'receipt' });
    expect(thrown).toBe('STATE_UNWRITABLE');
    expect(trace).toEqual([...BEGUN, 'before-receipt']);
  });
});

describe('runUnit, an effect that never began', () => {
  it.each(['RUN_FAILED', 'RUN_INTERRUPTED'] as const)('%s withdraws the intent', async (code) => {
    const { trace, thrown } = await run({ attempts: [new RecoveryError(code, 'no worker')] });
    expect(trace).toEqual([...BEGUN, 'record not_done']);
    expect(thrown).toBe(code);
  });

  it('is not believed of any other error: the unit stays in doubt', async () => {
    const { trace, thrown } = await run({ attempts: [new TypeError('a bug')] });
    expect(trace).toEqual(BEGUN);
    expect(thrown).toBe('TypeError: a bug');
  });
});

describe('runUnit, work that outlives its runner', () => {
  const reference = 'job 4711';

  it('is known by its reference before it is waited for', async () => {
    const { trace } = await run({ reference, attempts: [{ type: 'done' }] });
    const recorded = ['before-reference', `record begun ${reference}`, 'after-reference'];
    expect(trace).toEqual([...BEGUN, ...recorded, 'after-effect', 'record done']);
  });

  it.each(['RUN_FAILED', 'RUN_INTERRUPTED'] as const)('%s lets go of it, and withdraws nothing', async (code) => {
    const { trace, thrown } = await run({ reference, attempts: [new RecoveryError(code, 'ended')] });
    expect(trace.at(-1)).toBe('after-reference');
    expect(thrown).toBe(code);
  });

  it('is attached to by the next run, which begins nothing', async () => {
    const { trace, end } = await run({ attached: { type: 'done', receipt: '1Z' }, attempts: [], unit: { reference } });
    expect(trace).toEqual([`attach 1 ${reference}`, 'after-effect', 'record done 1Z']);
    expect(end).toMatchObject({ type: 'done', receipt: '1Z' });
  });

  it('is tried again, from the begin, when what was attached to failed and the job says so', async () => {
    const { trace } = await run({ attached: FAILED, attempts: [{ type: 'done' }], unit: { reference }, tries: 2 });
    expect(trace.filter((word) => /^(attach|record|perform)/.test(word))).toEqual([
      ...[`attach 1 ${reference}`, 'record retry E-3001', 'record intent 2', 'perform 2 job:1:7', 'record done'],
    ]);
  });

  it('stays in doubt with its reference when attaching to it is cut short', async () => {
    const cut = new RecoveryError('RUN_INTERRUPTED', 'ended');
    const { trace, thrown } = await run({ attached: cut, attempts: [], unit: { reference } });
    expect(trace).toEqual([`attach 1 ${reference}`]);
    expect(thrown).toBe('RUN_INTERRUPTED');
  });
});

describe('runUnit, a definite failure', () => {
  it('is recorded when there are no tries left', async () => {
    const { trace, end } = await run({ attempts: [FAILED] });
    expect(trace.slice(-2)).toEqual(['after-effect', 'record failed E-3001']);
    expect(end).toEqual({ type: 'failed', error: ERROR });
  });

  it('is tried again with the same idempotency key and a higher attempt', async () => {
    const { trace, end } = await run({ attempts: [FAILED, { type: 'done' }], tries: 3 });
    expect(trace).toEqual([
      ...BEGUN,
      'after-effect',
      'record retry E-3001',
      'wait 10',
      'record intent 2',
      'after-intent',
      'perform 2 job:1:7',
      'after-effect',
      'record done',
    ]);
    expect(end).toEqual({ type: 'done' });
  });

  it('is postponed when the wait is cut short', async () => {
    const { trace, end } = await run({ attempts: [FAILED], tries: 3, stops: true });
    expect(trace.at(-1)).toBe('wait 10');
    expect(end).toEqual({ type: 'postponed', error: ERROR });
  });
});

describe('runUnit, an unknown outcome', () => {
  it('waits for a person without a verify hook, and is never tried again', async () => {
    const { trace, end } = await run({ attempts: [UNKNOWN], tries: 3 });
    expect(trace.slice(-2)).toEqual(['after-effect', 'record unknown E-3001']);
    expect(end).toEqual({ type: 'unknown', error: ERROR });
  });

  it('is done when the hook says so, with the receipt it found', async () => {
    const { trace, end } = await run({ attempts: [UNKNOWN], verify: { type: 'done', receipt: '1Z' } });
    expect(trace.slice(-2)).toEqual(['verify', 'record done 1Z verify']);
    expect(end).toEqual({ type: 'done', receipt: '1Z' });
  });

  it('is a definite failure, and tried again, when the hook says that nothing was done', async () => {
    const { trace } = await run({ attempts: [UNKNOWN, { type: 'done' }], verify: { type: 'not_done' }, tries: 2 });
    expect(trace.slice(3, 7)).toEqual(['after-effect', 'verify', 'record retry E-3001', 'wait 10']);
    expect(trace.at(-1)).toBe('record done');
  });

  it('waits for a person when the hook says that nothing was done and an earlier no is taken back meanwhile', async () => {
    const takenBack = { error: { code: 'WORKER_PROTOCOL', message: 'it said yes later' }, receipt: '1Z' };
    const { trace, end } = await run({ attempts: [UNKNOWN], verify: { type: 'not_done' }, takenBack, tries: 3 });
    expect(trace.slice(-2)).toEqual(['verify', 'record unknown 1Z WORKER_PROTOCOL']);
    expect(end).toEqual({ type: 'unknown', ...takenBack });
  });

  it('waits for a person when the hook cannot tell', async () => {
    const { trace, end } = await run({ attempts: [UNKNOWN], verify: UNKNOWN as VerifyOutcome, tries: 3 });
    expect(trace.slice(-2)).toEqual(['verify', 'record unknown E-3001']);
    // Why it was in doubt, and what the hook said.
    expect(end).toEqual({ type: 'unknown', error: { ...ERROR, message: `${ERROR.message}; ${ERROR.message}` } });
  });

  it.each([
    { type: 'unanswered', times: 1, told: 'asked once, no answer' },
    { type: 'unasked', times: 0, told: 'not asked' },
  ] as const)('stays in doubt when the hook is $type', async ({ type, times, told }) => {
    const verify = { type, error: { code: 'timeout', message: 'it hung' }, isDown: true };
    const { trace, end } = await run({ attempts: [UNKNOWN], verify, tries: 3 });
    expect(trace.slice(-2)).toEqual([
      'verify',
      expect.stringMatching(`^record unanswered ${times} verify: ${told}.* E-3001$`),
    ]);
    expect(end).toMatchObject({ type: 'unanswered', error: { message: expect.stringContaining(`verify: ${told}`) } });
  });

  it('does not ask the hook when a receipt is known', async () => {
    const { trace, end } = await run({ attempts: [{ ...UNKNOWN, receipt: '1Z' }], verify: { type: 'not_done' } });
    expect(trace).not.toContain('verify');
    expect(end).toEqual({ type: 'unknown', error: ERROR, receipt: '1Z' });
  });
});
