import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AuditEntry } from '../../../src/core/ports.ts';
import { inspectAudit } from '../../../src/store/audit-chain.ts';
import type { AuditWord } from '../../../src/store/contract.ts';
import { appendAudit, readAudit, readAuditHead } from '../../../src/store/sqlite/audit.ts';
import { makeTempState, SEED_MS } from '../../helpers/temp-state.ts';

const WORDS: readonly AuditWord[] = [
  { atMs: SEED_MS, principal: 'local:ops', action: 'run', outcome: 'done', details: { epoch: 1 } },
  {
    atMs: SEED_MS + 1,
    principal: 'local:eve',
    action: 'resume',
    outcome: 'refused',
    code: 'ACCESS_DENIED',
    details: { message: 'unauthorized' },
  },
  {
    atMs: SEED_MS + 2,
    principal: 'local:ops',
    action: 'resume',
    outcome: 'done',
    planDigest: 'aa',
    details: { epoch: 2, nested: { b: [1, null], a: 'ü' } },
  },
  { atMs: SEED_MS + 3, principal: 'local:ops', action: 'settle', outcome: 'done', details: {} },
];

/** A chain as the store keeps it. */
async function makeChain(words: readonly AuditWord[]): Promise<readonly AuditEntry[]> {
  await using state = await makeTempState();
  const job = state.addJob();
  for (const word of words) appendAudit(state.database, job.seq, word);
  return readAudit(state.database, job.seq);
}

const CHAIN = await makeChain(WORDS);
const brokenAt = (entries: readonly AuditEntry[]) => inspectAudit(entries).broken?.sequence;

/** An entry with one field changed to something else. */
const changed = (entry: AuditEntry): fc.Arbitrary<AuditEntry> => {
  const text = (value: string | undefined) => fc.string().filter((other) => other !== value);
  const number = (value: number) => fc.integer().filter((other) => other !== value);
  const details = fc
    .dictionary(fc.string(), fc.jsonValue(), { maxKeys: 3 })
    .map((value) => JSON.parse(JSON.stringify(value)));
  return fc.oneof(
    number(entry.sequence).map((sequence) => ({ ...entry, sequence })),
    number(entry.atMs).map((atMs) => ({ ...entry, atMs })),
    text(entry.principal).map((principal) => ({ ...entry, principal })),
    text(entry.action).map((action) => ({ ...entry, action })),
    text(entry.outcome).map((outcome) => ({ ...entry, outcome })),
    text(entry.code).map((code) => ({ ...entry, code })),
    text(entry.planDigest).map((planDigest) => ({ ...entry, planDigest })),
    text(entry.hash).map((hash) => ({ ...entry, hash })),
    details
      .filter((other) => JSON.stringify(other) !== JSON.stringify(entry.details))
      .map((other) => ({ ...entry, details: other })),
  );
};
const at = fc.nat(CHAIN.length - 1);
const pick = (index: number): AuditEntry => CHAIN[index] as AuditEntry;

describe('appendAudit and readAudit', () => {
  it('keep what was said, in order, with a sequence from 1', () => {
    expect(CHAIN.map(({ hash: _hash, sequence: _sequence, ...word }) => word)).toEqual(WORDS);
    expect(CHAIN.map(({ sequence }) => sequence)).toEqual([1, 2, 3, 4]);
    expect(new Set(CHAIN.map(({ hash }) => hash)).size).toBe(4);
    for (const { hash } of CHAIN) expect(hash).toMatch(/^[0-9a-f]{64}$/);
  });

  it('make the same chain of the same words', async () => {
    expect(await makeChain(WORDS)).toEqual(CHAIN);
  });

  it('keep the chains of two jobs apart', async () => {
    await using state = await makeTempState();
    const [one, other] = [state.addJob(), state.addJob()];
    for (const word of WORDS) {
      appendAudit(state.database, one.seq, word);
      appendAudit(state.database, other.seq, { ...word, principal: 'else' });
    }
    expect(readAudit(state.database, one.seq)).toEqual(CHAIN);
    expect(brokenAt(readAudit(state.database, other.seq))).toBeUndefined();
  });

  it('show details that no longer parse as text, and find the chain broken there', async () => {
    await using state = await makeTempState();
    const job = state.addJob();
    for (const word of WORDS) appendAudit(state.database, job.seq, word);
    for (const details of ['{"epoch":', '7', 'null']) {
      state.database.prepare('UPDATE audit SET details = ? WHERE sequence = 3').run(details);
      const entries = readAudit(state.database, job.seq);
      expect(entries[2]?.details).toEqual({ text: details });
      expect(brokenAt(entries)).toBe(3);
    }
  });
});

describe('inspectAudit', () => {
  it('finds a whole chain whole, and lists what was done and not what was refused', () => {
    expect(inspectAudit(CHAIN)).toEqual({ entryCount: 4, actions: ['run', 'resume', 'settle'] });
    expect(inspectAudit([])).toEqual({ entryCount: 0, actions: [] });
  });

  it('finds any chain whole that appendAudit made', async () => {
    const word = fc.record({
      atMs: fc.integer(),
      principal: fc.string(),
      action: fc.string(),
      outcome: fc.constantFrom('done', 'refused'),
      details: fc.dictionary(fc.string(), fc.string(), { maxKeys: 3 }),
    });
    await using state = await makeTempState();
    fc.assert(
      fc.property(fc.array(word, { maxLength: 5 }), (words) => {
        const job = state.addJob();
        for (const one of words) appendAudit(state.database, job.seq, one);
        expect(brokenAt(readAudit(state.database, job.seq))).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('finds any single field that was changed, at its entry', () => {
    const tampered = at.chain((index) => changed(pick(index)).map((entry) => ({ index, entry })));
    fc.assert(
      fc.property(tampered, ({ index, entry }) => {
        expect(brokenAt(CHAIN.with(index, entry))).toBe(index + 1);
      }),
      { numRuns: 300 },
    );
  });

  it('finds an entry whose hash was made to fit, at the next one', async () => {
    const forged = await makeChain(WORDS.with(1, { ...(WORDS[1] as AuditWord), outcome: 'done' }));
    expect(brokenAt(CHAIN.with(1, forged[1] as AuditEntry))).toBe(3);
  });

  it('finds what was dropped before the last entry', () => {
    for (const index of [0, 1, 2]) expect(brokenAt(CHAIN.toSpliced(index, 1))).toBe(index + 1);
  });

  it('finds two entries that changed places', () => {
    fc.assert(
      fc.property(at, at, (one, other) => {
        fc.pre(one !== other);
        const swapped = CHAIN.with(one, pick(other)).with(other, pick(one));
        expect(brokenAt(swapped)).toBe(Math.min(one, other) + 1);
      }),
    );
  });

  it('finds an entry that was put in, wherever it is', () => {
    fc.assert(
      fc.property(fc.nat(CHAIN.length), at, (index, copied) => {
        // Of two copies side by side the first is where it belongs.
        const strangerAt = copied === index ? index + 2 : index + 1;
        expect(brokenAt(CHAIN.toSpliced(index, 0, pick(copied)))).toBe(strangerAt);
      }),
    );
  });

  it('names what was expected and found', () => {
    const { broken } = inspectAudit(CHAIN.with(2, { ...pick(2), hash: 'forged' }));
    expect(broken).toEqual({ sequence: 3, expected: pick(2).hash, found: 'forged' });
  });
});

it('inspectAudit: a chain that lost its last entry differs from the head its job has', async () => {
  await using state = await makeTempState();
  const job = state.addJob();
  for (const word of WORDS.slice(0, 2)) appendAudit(state.database, job.seq, word);
  const whole = readAudit(state.database, job.seq);
  const head = readAuditHead(state.database, job.seq);
  expect(inspectAudit(whole, head).broken).toBeUndefined();
  expect(inspectAudit(whole.slice(0, -1), head).broken).toEqual({ sequence: 2, expected: head, found: whole[0]?.hash });
  expect(inspectAudit([], head).broken?.sequence).toBe(1);
});
