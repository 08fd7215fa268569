import { describe, expect, it } from 'vitest';
import { HINTS, isRecoveryError, RecoveryError, toRecoveryError } from '../../src/core/errors.ts';

describe('RecoveryError', () => {
  it('carries code, message, details, cause and the hint of its code', () => {
    const cause = new Error('EACCES');
    const error = new RecoveryError('STATE_UNREADABLE', 'the store cannot be read', { details: { path: '/s' }, cause });
    expect({ ...error, message: error.message, cause: error.cause, hint: error.hint }).toEqual({
      name: 'RecoveryError',
      code: 'STATE_UNREADABLE',
      message: 'the store cannot be read',
      details: { path: '/s' },
      cause,
      hint: HINTS.STATE_UNREADABLE,
    });
  });

  it('has no cause and empty details when none are given', () => {
    const error = new RecoveryError('USAGE_INVALID', 'what?');
    expect(error.details).toEqual({});
    expect('cause' in error).toBe(false);
  });

  it('has a hint for every code, one that ends as a sentence', () => {
    for (const [code, hint] of Object.entries(HINTS)) expect(hint, code).toMatch(/^\w.*\.$/);
  });
});

describe('isRecoveryError', () => {
  it('knows one of another copy of the class by its name and code', () => {
    const foreign = Object.assign(new Error('held'), { name: 'RecoveryError', code: 'LEASE_HELD' });
    expect(isRecoveryError(foreign)).toBe(true);
    expect(isRecoveryError(new RecoveryError('LEASE_HELD', 'held'))).toBe(true);
  });

  it('takes nothing else for one', () => {
    const named = { name: 'RecoveryError', code: 'LEASE_HELD' };
    const coded = Object.assign(new Error('no'), { code: 'ENOENT' });
    for (const thrown of [named, coded, new Error('x'), 'x', undefined, null]) {
      expect(isRecoveryError(thrown)).toBe(false);
    }
  });
});

describe('toRecoveryError', () => {
  it('passes a RecoveryError unchanged', () => {
    const error = new RecoveryError('LEASE_HELD', 'held');
    expect(toRecoveryError(error)).toBe(error);
  });

  it('wraps anything else as INTERNAL with its cause', () => {
    const bug = new TypeError('x is undefined');
    expect(toRecoveryError(bug)).toMatchObject({ code: 'INTERNAL', message: 'x is undefined', cause: bug });
    expect(toRecoveryError('thrown text')).toMatchObject({ code: 'INTERNAL', message: 'thrown text' });
  });
});
