import { describe, expect, it } from 'vitest';
import { kindOf, readSpecFacts, unitOf } from '../../../src/runner/kinds/registry.ts';

describe('readSpecFacts', () => {
  it.each([
    ['{}', { canVerify: false }],
    ['{"writeBack":[]}', { canVerify: false }],
    ['{"writeBack":[{"column":"a","value":"status"}]}', { canVerify: false, writesBack: true }],
    ['{"receipt":{}}', { canVerify: false, receiptLabel: 'receipt' }],
    [
      '{"receipt":{"label":"tracking"},"verify":"./v","directory":"/d"}',
      {
        canVerify: true,
        receiptLabel: 'tracking',
        directory: '/d',
        commands: { lines: ['./v'], place: { directory: '/d', env: {} } },
      },
    ],
    ['{"receipt":[],"verify":7,"directory":null}', { canVerify: false }],
    ['not JSON', { canVerify: false }],
    ['[1]', { canVerify: false }],
    ['null', { canVerify: false }],
  ])('%s', (spec, facts) => {
    expect(readSpecFacts({ kind: 'batch', spec })).toEqual(facts);
  });
});

describe('a job of a kind that is no row of the registry', () => {
  it('says nothing of what it needs, and has steps', () => {
    expect(readSpecFacts({ kind: 'flight', spec: '{"verify":"./v","directory":"/d"}' })).toEqual({ canVerify: false });
    expect(unitOf({ kind: 'flight' })).toBe('step');
  });

  it('STATE_TOO_NEW: is not run, and the kinds that are known are named', () => {
    expect(() => kindOf({ id: 'b1', kind: 'flight' })).toThrow('job b1 is of kind flight; this Salvor knows batch');
  });
});
