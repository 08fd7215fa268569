import { describe, expect, it } from 'vitest';
import type { FoundFact } from '../../src/core/diagnosis/schema.ts';
import { VERDICTS } from '../../src/core/job/schema.ts';
import type { PlanStep, PlanWarning } from '../../src/core/plan/schema.ts';
import {
  chooseUnitWord,
  describeFinding,
  describeStep,
  describeVerdict,
  describeWarning,
} from '../../src/present/words.ts';
import { SAMPLE_HOLDER, sampleEvidence } from '../helpers/sample-evidence.ts';

const HOSTILE = '\u001b]0;owned\u0007\u202eevil\u001b[2J';
const HOSTILE_HOLDER = { ...SAMPLE_HOLDER, host: HOSTILE };
const DEATHS = ['boot_changed', 'lock_free', 'pid_reused', 'pid_gone', 'heartbeat_expired'] as const;

/** One finding of every type, foreign text in every place that takes some. */
const FINDINGS: readonly FoundFact[] = [
  { type: 'runner_alive', holder: HOSTILE_HOLDER },
  { type: 'runner_alive', holder: HOSTILE_HOLDER, deadFromMs: HOSTILE_HOLDER.heartbeatAtMs + 60_000 },
  { type: 'runner_stalled', holder: HOSTILE_HOLDER, reason: 'stopped' },
  { type: 'runner_stalled', holder: HOSTILE_HOLDER, reason: 'heartbeat_late' },
  { type: 'stop_pending', holder: HOSTILE_HOLDER, principal: HOSTILE, askedAtMs: HOSTILE_HOLDER.heartbeatAtMs },
  ...DEATHS.map((proof): FoundFact => ({ type: 'runner_dead', holder: HOSTILE_HOLDER, proof })),
  { type: 'runner_stopped', holder: { ...HOSTILE_HOLDER, releasedAtMs: 0 } },
  { type: 'never_started' },
  { type: 'liveness_unknown', reason: HOSTILE },
  { type: 'run_failed' },
  { type: 'run_failed', error: { code: HOSTILE, message: HOSTILE } },
  { type: 'fenced_runner_alive', holder: HOSTILE_HOLDER },
  { type: 'orphan_running', orphan: { pid: 1, pidStartTicks: 1, command: HOSTILE } },
  { type: 'orphan_running', orphan: { pid: 1, pidStartTicks: 1, command: HOSTILE, unitNumber: 48 } },
  { type: 'units_in_doubt', count: 3, withReceipt: 1, canVerify: true },
  { type: 'units_in_doubt', count: 1, withReceipt: 0, canVerify: false },
  { type: 'units_in_hand', count: 1 },
  { type: 'units_need_review', count: 1 },
  { type: 'units_need_review', count: 2 },
  { type: 'units_failed', count: 1 },
  {
    type: 'prerequisite_bad',
    prerequisite: { what: 'rows_file', path: HOSTILE, state: 'changed', expected: 'aa', found: 'bb' },
  },
  {
    type: 'prerequisite_bad',
    prerequisite: { what: 'job_directory', path: HOSTILE, state: 'missing', found: 'ENOENT' },
  },
  {
    type: 'prerequisite_bad',
    prerequisite: { what: 'command', path: HOSTILE, state: 'missing', found: `does not exist in ${HOSTILE}` },
  },
  { type: 'audit_broken', sequence: 3, expected: 'aa', found: HOSTILE },
  { type: 'state_contradiction', detail: HOSTILE },
];

const STEPS: readonly PlanStep[] = [
  { by: 'actuator', action: 'stop_runner', pid: 1, host: HOSTILE },
  { by: 'actuator', action: 'take_lease', epoch: 2 },
  { by: 'runner', action: 'end_orphans', pids: [1] },
  { by: 'runner', action: 'end_orphans', pids: [1, 2] },
  { by: 'runner', action: 'await_orphans', pids: [1, 2] },
  { by: 'runner', action: 'settle_units', byReceipt: 1, byVerify: 2, toReview: 3 },
  { by: 'runner', action: 'settle_units', byReceipt: 0, byVerify: 0, toReview: 1 },
  { by: 'runner', action: 'retry_failed_units', count: 1 },
  { by: 'runner', action: 'reset_units', count: 2 },
  { by: 'runner', action: 'run_units', count: 1 },
  { by: 'runner', action: 'run_units', count: 0, unlessDone: 2 },
  { by: 'runner', action: 'run_units', count: 3, unlessDone: 1 },
  { by: 'actuator', action: 'mark_cancelled' },
];

describe('describeFinding', () => {
  it('says every finding in one harmless sentence', () => {
    expect(FINDINGS.map((finding) => describeFinding(finding, 'row'))).toMatchInlineSnapshot(`
      [
        "running: process 4711 on evil (epoch 1) holds the job's lock",
        "running by its heartbeat alone: process 4711 on evil (epoch 1) was last heard of at 2026-03-01 10:01:29Z, and its lock is not seen held; unless it is heard of again, it counts as dead from 2026-03-01 10:02:29Z on",
        "running but stalled: process 4711 on evil (epoch 1) is stopped (SIGSTOP); kill -CONT 4711 lets it go on",
        "running but stalled: process 4711 on evil (epoch 1) has a late heartbeat, last 2026-03-01 10:01:29Z",
        "evil asked process 4711 on evil (epoch 1) to stop at 2026-03-01 10:01:29Z; it has not yet",
        "crashed: process 4711 on evil (epoch 1) is dead: the host was restarted since",
        "crashed: process 4711 on evil (epoch 1) is dead: its lock is free",
        "crashed: process 4711 on evil (epoch 1) is dead: its pid belongs to another process now",
        "crashed: process 4711 on evil (epoch 1) is dead: there is no such process",
        "crashed: process 4711 on evil (epoch 1) is dead: its heartbeat stopped (the only evidence from another host)",
        "stopped on request at 1970-01-01 00:00:00Z",
        "recorded as running, and nobody ever held it",
        "Salvor cannot tell whether it runs: evil",
        "the run failed",
        "the run failed: evil: evil",
        "cancelled, but process 4711 on evil (epoch 1) still lives; nothing it says is accepted",
        "orphan: process 1 (evil) still works",
        "orphan: process 1 (evil) still works on row 48",
        "in doubt: 3 rows started, outcome not known; 1 proven by a receipt, 2 to be asked of the verify hook",
        "in doubt: 1 row started, outcome not known; 0 proven by a receipt, 1 for a person to settle",
        "in hand: 1 row begun by the runner, which lives",
        "review: 1 row waits for a person",
        "review: 2 rows wait for a person",
        "failed: 1 row",
        "the rows file evil is changed: sha256 expected aa, found bb",
        "the directory of the job file evil is missing",
        "the command evil does not exist in evil",
        "the audit chain is broken at entry 3: expected aa, found evil",
        "contradiction: evil",
      ]
    `);
  });

  it('calls units what the job calls them', () => {
    expect(describeFinding({ type: 'units_failed', count: 2 }, 'step')).toBe('failed: 2 steps');
  });
});

describe('describeStep', () => {
  it('says every step of a plan', () => {
    expect(STEPS.map((step) => describeStep(step, 'row'))).toMatchInlineSnapshot(`
      [
        "ask the runner (process 1 on evil) to stop after the row in hand",
        "take the job with epoch 2; holders before are refused from then on",
        "end what outlived the runner, with all that it started: process 1",
        "end what outlived the runner, with all that it started: process 1, 2",
        "wait until what outlived the runner ends by itself: 1, 2",
        "settle 6 rows in doubt: 1 by receipt, 2 by the verify hook, 3 left for a person to review",
        "settle 1 row in doubt: 1 left for a person to review",
        "try 1 failed row again",
        "put 2 rows back to the start, with new idempotency keys",
        "run 1 row",
        "run what the verify hook says are not done: at most 2 rows",
        "run 3 rows, and what the verify hook says is not done: at most 1 row",
        "record the job as cancelled",
      ]
    `);
  });
});

describe('describeWarning', () => {
  it.each<readonly [string, PlanWarning]>([
    [
      'WARNING: 47 rows already have tracking numbers. Restarting will create duplicate shipments for these rows.',
      { code: 'WOULD_REPEAT', count: 47, label: 'tracking', unit: 'row' },
    ],
    [
      'WARNING: 2 steps already have receipts. Restarting will create duplicates for these steps.',
      { code: 'WOULD_REPEAT', count: 2, label: 'receipt', unit: 'step' },
    ],
    [
      'WARNING: 2 rows already have invoice numbers. Restarting will create duplicates for these rows.',
      { code: 'WOULD_REPEAT', count: 2, label: '\u001b[31minvoice', unit: 'row' },
    ],
    [
      'WARNING: 2 rows are already done. Restarting will do these rows again.',
      { code: 'WOULD_REPEAT', count: 2, unit: 'row' },
    ],
    [
      'WARNING: 1 row already has a tracking number. Restarting will create duplicate shipments for this row.',
      { code: 'WOULD_REPEAT', count: 1, label: 'tracking', unit: 'row' },
    ],
    [
      'WARNING: 1 row is already done. Restarting will do this row again.',
      { code: 'WOULD_REPEAT', count: 1, unit: 'row' },
    ],
    [
      'WARNING: the outcome of 2 rows is not known. Restarting may do them again.',
      { code: 'MAY_REPEAT', count: 2, unit: 'row' },
    ],
    [
      'WARNING: the outcome of 1 row is not known. Restarting may do it again.',
      { code: 'MAY_REPEAT', count: 1, unit: 'row' },
    ],
    ['1 row under review is left alone; settle it with review.', { code: 'UNITS_NEED_REVIEW', count: 1, unit: 'row' }],
    [
      '2 rows under review are left alone; settle them with review.',
      { code: 'UNITS_NEED_REVIEW', count: 2, unit: 'row' },
    ],
    ['1 row will not be done.', { code: 'UNITS_ABANDONED', count: 1, unit: 'row' }],
    [
      'The outcome of 1 row is not known: it may be done. Cancelling leaves it to be settled.',
      { code: 'OUTCOMES_UNKNOWN', count: 1, unit: 'row' },
    ],
    [
      'The outcome of 2 rows is not known: each may be done. Cancelling leaves them to be settled.',
      { code: 'OUTCOMES_UNKNOWN', count: 2, unit: 'row' },
    ],
    ['1 left-over process goes on working; cancelling does not end it.', { code: 'ORPHANS_LEFT', count: 1 }],
    ['2 left-over processes go on working; cancelling does not end them.', { code: 'ORPHANS_LEFT', count: 2 }],
    ['The runner was on another host; that it is dead is known from its heartbeat alone.', { code: 'HEARTBEAT_ONLY' }],
  ])('%s', (sentence, warning) => {
    expect(describeWarning(warning)).toBe(sentence);
  });

  it('does not look for effects among what every object inherits', () => {
    expect(describeWarning({ code: 'WOULD_REPEAT', count: 1, label: 'constructor', unit: 'row' })).toContain(
      'create duplicates for',
    );
  });
});

it('describeVerdict: every one has words of its own', () => {
  expect(new Set(VERDICTS.map((verdict) => describeVerdict({ verdict, attention: 'interrupted' }))).size).toBe(
    VERDICTS.length,
  );
});

it('chooseUnitWord: a job without units is spoken of as if it had rows', () => {
  const { units: _units, ...bare } = sampleEvidence();
  expect([chooseUnitWord(bare), chooseUnitWord(sampleEvidence())]).toEqual(['row', 'row']);
});
